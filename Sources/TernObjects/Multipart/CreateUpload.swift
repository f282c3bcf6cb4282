import FoundationEssentials
package import TernCore
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// An upload in progress, with the row that it was read from.
package struct StoredUpload: Sendable {
    package var key: ObjectKey
    package var record: UploadRecord
    package var row: [UInt8]
    package var value: [UInt8]

    package var id: VersionID { self.record.id.versionID }

    /// The algorithm that the client asked for, if it did.
    package var algorithm: ChecksumAlgorithm? { ChecksumAlgorithm(rawValue: self.record.checksumAlgorithm) }

    package var checksumType: ChecksumType { self.record.isComposite ? .composite : .fullObject }
}

extension ObjectService {
    /// CreateMultipartUpload: freezes what the object will look like, and the data key of its body.
    ///
    /// Source: Amazon S3 API Reference, CreateMultipartUpload; spec rules MPU-1, MPU-2, CHK-10.
    package func createUpload(
        _ key: ObjectKey,
        in bucketName: String,
        attributes: ObjectAttributes,
        initiator: AccountID,
        algorithm: ChecksumAlgorithm?,
        type: ChecksumType
    ) async throws(S3Error) -> StoredUpload {
        let encryption = try await self.newEncryption(
            attributes.encryption, for: key, in: try await self.registry.state(bucketName))
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            var upload = UploadRecord()
            upload.key = .init(key.bytes)
            let id = self.clock.versionID()
            upload.id = VersionIdentity(id)
            upload.initiatedMs = self.clock.now.milliseconds
            upload.initiator = initiator.description
            upload.template = attributes.template
            if let encryption { upload.template.encryption = encryption.record }
            upload.checksumAlgorithm = algorithm?.rawValue ?? ""
            upload.isComposite = algorithm != nil && type == .composite
            if let head = try await self.head(key, in: bucket) { upload.headAtStart = head.record.id }
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            let row = Keyspace.upload(key, id)
            let value = try encodeRecord(upload)
            batch.put(row, value)
            if try await self.metadata.tryCommit(batch) {
                return StoredUpload(key: key, record: upload, row: row, value: value)
            }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }

    /// The upload, or `NoSuchUpload`.
    package func upload(_ uploadID: String, of key: ObjectKey, in bucket: BucketState) async throws(S3Error)
        -> StoredUpload
    {
        guard let id = VersionID(wireForm: uploadID) else { throw .noSuchUpload(uploadID) }
        let row = Keyspace.upload(key, id)
        guard let value = try await self.metadata.value(row, in: bucket.partition) else {
            throw .noSuchUpload(uploadID)
        }
        return StoredUpload(key: key, record: try decodeRecord(value), row: row, value: value)
    }

    /// AbortMultipartUpload: removes the upload and the bodies of its parts.
    package func abortUpload(_ upload: StoredUpload, in bucket: BucketState) async throws(S3Error) {
        var upload = upload
        while true {
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(upload.row, is: upload.value)
            batch.delete(upload.row)
            if try await self.metadata.tryCommit(batch) { break }
            // Gone, or what it knows of its key changed.
            upload = try await self.upload(upload.id.wireForm, of: upload.key, in: bucket)
        }
        // From here on no part can be added. If the process dies now, the collector finds the parts without an upload.
        try await self.removeParts(of: upload.id, in: bucket.partition)
    }

    /// Removes all parts of an upload that is gone, a page at a time.
    package func removeParts(of upload: VersionID, in partition: PartitionID) async throws(S3Error) {
        while true {
            let rows = try await self.metadata.entries(
                KeyRange(prefix: Keyspace.uploadPartPrefix(upload)), in: partition, limit: 500)
            if rows.isEmpty { return }
            var batch = MetadataBatch(partition: partition)
            var orphans: [BlobID] = []
            for row in rows {
                let part: UploadPartRecord = try decodeRecord(row.value)
                batch.delete(row.key)
                orphans += Self.removeSegments(part.layout.segments, from: &batch)
            }
            guard try await self.metadata.tryCommit(batch) else { continue }
            await self.deleteBlobs(orphans, in: partition)
        }
    }
}
