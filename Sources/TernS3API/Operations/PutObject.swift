import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, PutObject; spec §4.2, §5.2, §7.2, LCK-15.
    static let putObject = Operation(
        "PutObject", Route("PUT", .object), action: "s3:PutObject", acceptsStreams: true
    ) { call throws(S3Error) in
        let condition = try WriteCondition(call.headers)
        if call.headers.contains("if-match") {
            // Whoever asks for an ETag learns it (specification §6.5).
            try await call.authorize("s3:GetObject", bucket: try call.bucket(), key: try call.key())
        }
        let attributes = try await call.objectAttributes()
        let digests = try call.payload.expectedDigests()
        if digests.areMissing, try call.bucket().locks(attributes) { throw .lockedUploadWithoutDigest }
        let written = try await call.service.putObject(
            try call.key(), in: call.bucketName, attributes: attributes,
            body: try call.payload.stream(maximumBytes: S3Limits.singlePutByteCount),
            digests: digests.expected, condition: condition, cause: EventCause(.putObject, by: call.trace))
        var answer = HTTPAnswer.ok
        answer.headers.append("etag", "\"\(written.record.etag)\"")
        if !written.record.isNull { answer.headers.appendVersion(of: written.record, in: written.bucket) }
        answer.headers.appendEncryption(
            of: written.record, for: call, customerKey: attributes.encryption.customerKey)
        answer.headers.appendChecksum(written.record.checksum.checksum)
        answer.headers.appendExpiration(
            call.service.expiration(of: written.record, key: try call.key(), in: written.bucket))
        return answer
    }
}
