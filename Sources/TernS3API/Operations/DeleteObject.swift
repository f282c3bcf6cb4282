import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, DeleteObject; spec §4.3, CND-6.
    static let deleteObject = Operation(
        "DeleteObject", Route("DELETE", .object), action: "s3:DeleteObject", versionAction: "s3:DeleteObjectVersion"
    ) { call throws(S3Error) in
        let condition = try DeleteCondition(call.headers)
        let key = try call.key()
        if call.headers.contains("if-match") {
            // Whoever asks for an ETag learns it (specification §6.5).
            try await call.authorize("s3:GetObject", bucket: try call.bucket(), key: key)
        }
        let bypassesGovernance = try await call.bypassesGovernance(key: key)
        let deleted: DeletedVersion
        let cause = EventCause(.other, by: call.trace)
        if let reference = try call.versionReference() {
            deleted = try await call.service.deleteVersion(
                reference, of: key, in: call.bucketName, condition: condition,
                bypassesGovernance: bypassesGovernance, cause: cause)
        } else {
            deleted = try await call.service.deleteCurrent(
                key, in: call.bucketName, condition: condition, owner: try call.writer, cause: cause)
        }
        var answer = HTTPAnswer.noContent
        if deleted.isDeleteMarker { answer.headers.append("x-amz-delete-marker", "true") }
        if let version = deleted.version { answer.headers.append("x-amz-version-id", version.wireForm) }
        return answer
    }
}
