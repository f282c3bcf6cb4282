package import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// UpdateObjectEncryption: seals the data key of a version anew, under a KMS key. No byte of the body is touched, nor
    /// anything else of the version: its ETag stays what it is. Nothing is replicated (live-replication rule L-22).
    ///
    /// - Returns: The version; a delete marker as it is.
    /// - Throws: `InvalidRequest` for versions that are not under SSE-S3 or SSE-KMS; KMS's errors.
    ///
    /// Source: Amazon S3 API Reference, UpdateObjectEncryption.
    package func updateEncryption(
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String,
        to choice: EncryptionRequest.KMSChoice,
        by caller: KeyCaller
    ) async throws(S3Error) -> StoredVersion {
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            guard let version = try await self.find(reference, of: key, in: bucket) else {
                if let reference { throw .noSuchVersion(key, versionID: reference.wireForm) }
                throw .noSuchKey(key)
            }
            if version.record.isDeleteMarker { return version }
            guard version.record.hasEncryption else { throw .encryptionUpdateOfClearObject }
            switch version.record.encryption.kind {
            case .sseS3, .sseKms: break
            default: throw .encryptionUpdateOfOtherObject
            }
            let cipher = try await self.cipher(of: version.record, key: key, in: bucket, access: KeyAccess(caller))
            let made = try await self.newEncryption(
                EncryptionRequest(.kms(choice), by: caller), for: key, in: bucket, reusing: cipher)
            guard let made, made.cipher.layers == cipher?.layers else { throw .internalError }
            var record = version.record
            record.encryption = made.record
            let value = try encodeRecord(record)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(version.row, is: version.value)
            batch.put(version.row, value)
            if try await self.metadata.tryCommit(batch) {
                return StoredVersion(
                    key: key, record: record, isLatest: version.isLatest, row: version.row, value: value)
            }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }
}
