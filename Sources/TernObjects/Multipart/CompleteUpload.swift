import FoundationEssentials
import TernChecksums
package import TernCore
package import TernLifecycle
package import TernRecords
package import TernS3Protocol
import TernStorage

/// What a client asks of CompleteMultipartUpload besides the list of parts.
package struct CompletionRequest: Sendable {
    /// In ascending order of their numbers, as ``CompleteMultipartUploadXML`` makes sure.
    package var parts: [CompleteMultipartUploadXML.Part]
    package var condition: WriteCondition
    /// `x-amz-mp-object-size`
    package var objectSize: Int64?
    /// The whole object's checksum, base64, as sent.
    package var checksum: (algorithm: ChecksumAlgorithm, value: String)?
    /// `x-amz-checksum-type`
    package var checksumType: ChecksumType?
    /// Whose keys open the parts.
    package var access: KeyAccess

    package init(
        parts: [CompleteMultipartUploadXML.Part], condition: WriteCondition = .none,
        access: KeyAccess = KeyAccess(.objectStore)
    ) {
        self.access = access
        self.parts = parts
        self.condition = condition
    }
}

/// The result of a completion, the same each time it is asked for.
package struct CompletedUpload: Sendable {
    package var version: VersionReference
    package var etag: String
    package var checksum: Checksum?
    /// How its body is encrypted, without keys; `nil` where it is not.
    package var encryption: EncryptionRecord?
    /// When the object will expire; not known any more when the result is asked for again.
    package var expiration: LifecycleNotice?
}

extension ObjectService {
    /// How long the result of a completion is kept for clients that lost the answer (spec rule MPU-17).
    static let completedUploadLifetimeMilliseconds: Int64 = 24 * 3600 * 1000

    /// CompleteMultipartUpload: one commit makes the parts a version; no byte of a body is moved.
    ///
    /// Source: Amazon S3 API Reference, CompleteMultipartUpload; spec §6.3, §7.3.
    package func completeUpload(
        _ uploadID: String,
        of key: ObjectKey,
        in bucketName: String,
        request: CompletionRequest,
        cause: EventCause = EventCause(.completeMultipartUpload)
    ) async throws(S3Error) -> CompletedUpload {
        let requested = self.clock.now
        let bucket = try await self.registry.state(bucketName)
        let listDigest = Self.digest(of: request.parts)
        var upload: StoredUpload
        do {
            upload = try await self.upload(uploadID, of: key, in: bucket)
        } catch  where error.code == "NoSuchUpload" {
            guard let earlier = try await self.completedUpload(uploadID, of: key, in: bucket, listDigest: listDigest)
            else {
                throw error
            }
            return earlier
        }

        try await self.checkKeys(of: upload, in: bucket, access: request.access)
        let assembly = try await self.assemble(upload, request: request, in: bucket)
        var template = upload.record.template
        template.byteCount = assembly.layout.byteCount
        template.etagMd5 = .init(assembly.etagMD5)
        template.etagPartCount = UInt32(assembly.layout.parts.count)
        template.checksum = ChecksumValue(assembly.checksum)

        let written = try await self.writeVersion(
            of: key, in: bucket, template: template, condition: request.condition, requested: requested,
            lastModified: Timestamp(milliseconds: upload.record.initiatedMs), cause: cause,
            check: { head throws(S3Error) in
                try Self.checkStillness(of: key, head: head, upload: upload, condition: request.condition)
            },
            addBody: { record, batch throws(S3Error) in
                batch.require(upload.row, is: upload.value)
                batch.delete(upload.row)
                for part in assembly.partRows {
                    batch.require(part.key, is: part.value)
                    batch.delete(part.key)
                }
                let rows = try assembly.layout.rows(for: record.versionID)
                for row in rows { batch.put(row.key, row.value) }
                record.layoutRows = UInt32(rows.count)
                batch.put(
                    Keyspace.completedUpload(upload.id),
                    try encodeRecord(self.completion(of: upload, as: record, listDigest: listDigest)))
            },
            conflict: { () async throws(S3Error) in
                // Aborted, or completed by a twin of this request: say so instead of trying on.
                upload = try await self.upload(uploadID, of: key, in: bucket)
                guard try await self.partRows(of: upload, in: bucket, matching: assembly) else {
                    throw .operationAborted
                }
            }
        )
        // Parts that were uploaded but not listed go now.
        try await self.removeParts(of: upload.id, in: bucket.partition)
        return CompletedUpload(
            version: written.record.reference, etag: written.record.etag, checksum: written.record.checksum.checksum,
            encryption: written.record.hasEncryption ? written.record.encryption.withoutKeys : nil,
            expiration: self.expiration(of: written.record, key: key, in: written.bucket))
    }

    /// KMS-21: who completes an upload must be able to decrypt it. A customer's key is not asked for here, but must be
    /// the right one where it is sent.
    private func checkKeys(of upload: StoredUpload, in bucket: BucketState, access: KeyAccess) async throws(S3Error) {
        switch upload.record.template.encryption.kind {
        case .sseKms, .dsseKms: _ = try await self.cipher(of: upload, in: bucket, access: access)
        case .sseC where access.customerKey == nil: break
        default: if access.customerKey != nil { _ = try await self.cipher(of: upload, in: bucket, access: access) }
        }
    }

    private func completion(of upload: StoredUpload, as record: VersionRecord, listDigest: [UInt8])
        -> CompletedUploadRecord
    {
        var completed = CompletedUploadRecord()
        completed.key = upload.record.key
        completed.version = record.id
        completed.isNull = record.isNull
        completed.etagMd5 = record.etagMd5
        completed.etagPartCount = record.etagPartCount
        completed.checksum = record.checksum
        if record.hasEncryption { completed.encryption = record.encryption.withoutKeys }
        completed.partListDigest = .init(listDigest)
        completed.expiresMs = self.clock.now.milliseconds + Self.completedUploadLifetimeMilliseconds
        return completed
    }

    private func completedUpload(
        _ uploadID: String, of key: ObjectKey, in bucket: BucketState, listDigest: [UInt8]
    ) async throws(S3Error) -> CompletedUpload? {
        guard let id = VersionID(wireForm: uploadID),
            let value = try await self.metadata.value(Keyspace.completedUpload(id), in: bucket.partition)
        else { return nil }
        let record: CompletedUploadRecord = try decodeRecord(value)
        guard Array(record.key) == key.bytes, Array(record.partListDigest) == listDigest,
            record.expiresMs > self.clock.now.milliseconds
        else { return nil }
        let version: VersionReference = record.isNull ? .null : .id(record.version.versionID)
        return CompletedUpload(
            version: version, etag: record.etag, checksum: record.checksum.checksum,
            encryption: record.hasEncryption ? record.encryption : nil)
    }

    private func partRows(
        of upload: StoredUpload, in bucket: BucketState, matching assembly: UploadAssembly
    ) async throws(S3Error) -> Bool {
        for part in assembly.partRows {
            guard try await self.metadata.value(part.key, in: bucket.partition) == part.value else { return false }
        }
        return true
    }

    private static func digest(of parts: [CompleteMultipartUploadXML.Part]) -> [UInt8] {
        var hasher = MD5Hasher()
        for part in parts {
            Array("\(part.number):\(part.etag)\n".utf8).withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finalize()
    }
}
