import Logging
package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol

extension ObjectService {
    /// CopyObject from another region: the source's bytes are received like a client's, with an MD5 and a checksum of
    /// their own (spec rules CPY-6, CPY-7).
    ///
    /// - Parameters:
    ///   - body: All bytes of the source.
    ///   - source: The source's record, whose digests the bytes are compared with.
    ///
    /// Source: Amazon S3 API Reference, CopyObject; spec §6.4.
    package func copyObject(
        receiving body: any HTTPBodySource,
        of source: VersionRecord,
        to key: ObjectKey,
        in bucketName: String,
        attributes: ObjectAttributes,
        algorithm: ChecksumAlgorithm,
        condition: WriteCondition,
        cause: EventCause = EventCause(.copyObject)
    ) async throws(S3Error) -> WrittenVersion {
        let requested = self.clock.now
        let bucket = try await self.registry.state(bucketName)
        let encryption = try await self.newEncryption(attributes.encryption, for: key, in: bucket)
        let body = try await self.receive(
            body, checksums: [algorithm], maximumBytes: source.byteCount,
            storageClass: attributes.storageClass, sealing: .whole(encryption?.cipher), into: bucket.partition)
        return try await self.writePlainVersion(
            of: key, in: bucket, body: body, encryption: encryption, template: attributes.template,
            condition: condition, requested: requested, cause: cause
        ) { () throws(S3Error) in try self.verify(body, isCopyOf: source) }
    }

    /// Compares received bytes with the size of a version, and with those of its digests that are of all its bytes.
    private func verify(_ body: ReceivedBody, isCopyOf source: VersionRecord) throws(S3Error) {
        var isCopy = body.byteCount == source.byteCount
        if source.etagPartCount == 0, !source.encryption.hasOpaqueETag {
            isCopy = isCopy && body.md5 == Array(source.etagMd5)
        }
        if let expected = source.checksum.checksum, expected.type == .fullObject,
            let computed = body.checksums.first, computed.algorithm == expected.algorithm
        {
            isCopy = isCopy && computed.digest == expected.digest
        }
        if isCopy { return }
        self.logger.error(
            "the bytes of another region's object are not what its record says",
            metadata: ["version": "\(source.versionID)", "bytes": "\(body.byteCount)"])
        throw .internalError
    }
}
