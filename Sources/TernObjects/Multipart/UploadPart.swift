import FoundationEssentials
package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// UploadPart: receives a part's body and puts it in the place of an earlier one with the same number.
    ///
    /// - Parameters:
    ///   - clientAlgorithm: The algorithm of the checksum that the client sends along, if any.
    ///   - cipher: What ``cipher(of:in:access:)`` gave for the upload.
    /// - Returns: The part, and the checksum in the client's algorithm to echo.
    ///
    /// Source: Amazon S3 API Reference, UploadPart; spec rules MPU-3, MPU-4, CHK-12.
    package func putPart(
        _ number: Int,
        of upload: StoredUpload,
        in bucket: BucketState,
        cipher: BodyCipher?,
        body source: any HTTPBodySource,
        clientAlgorithm: ChecksumAlgorithm?,
        digests: ExpectedDigests,
        maximumBytes: Int64 = 5_368_709_120
    ) async throws(S3Error) -> (part: UploadPartRecord, echo: Checksum?) {
        // What is kept is in the upload's algorithm; what an upload without one is sent is verified and echoed only.
        let kept = upload.algorithm ?? .crc64nvme
        var algorithms = [clientAlgorithm ?? kept]
        if algorithms[0] != kept { algorithms.append(kept) }
        let template = upload.record.template
        guard template.hasEncryption == (cipher != nil) else { throw .internalError }
        var body = try await self.receive(
            source, checksums: algorithms, maximumBytes: maximumBytes,
            storageClass: template.storageClassValue, sealing: .shared(cipher), into: bucket.partition)
        do {
            try digests.verify(body)
            if let cipher, template.encryption.hasOpaqueETag { body.md5 = cipher.opaque(body.md5) }
            let part = try await self.commitPart(
                number, of: upload, in: bucket, body: body, checksum: body.checksums.last)
            return (part, clientAlgorithm == nil && upload.algorithm == nil ? nil : body.checksums.first)
        } catch {
            await self.abandon(body, after: error, in: bucket.partition)
            throw error
        }
    }

    /// The keys of an upload's parts, as ``cipher(of:key:in:access:)``, with the errors that parts have (§10.3).
    package func cipher(
        of upload: StoredUpload, in bucket: BucketState, access: KeyAccess
    ) async throws(S3Error) -> BodyCipher? {
        let template = upload.record.template
        let needsKey = template.hasEncryption && template.encryption.kind == .sseC
        guard needsKey == (access.customerKey != nil) else { throw .partEncryptionMissing }
        do throws(S3Error) {
            return try await self.cipher(of: template, key: upload.key, in: bucket, access: access)
        } catch  where error == .customerKeyWrong {
            throw .partEncryptionDiffers
        }
    }

    private func commitPart(
        _ number: Int,
        of upload: StoredUpload,
        in bucket: BucketState,
        body: ReceivedBody,
        checksum: Checksum?
    ) async throws(S3Error) -> UploadPartRecord {
        let row = Keyspace.uploadPart(upload.id, number: number)
        var upload = upload
        for _ in 0..<Self.maximumCommitAttempts {
            let previous = try await self.metadata.value(row, in: bucket.partition)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(upload.row, is: upload.value)
            batch.require(row, is: previous)
            var orphans: [BlobID] = []
            if let previous {
                let old: UploadPartRecord = try decodeRecord(previous)
                orphans = Self.removeSegments(old.layout.segments, from: &batch)
            }
            var part = UploadPartRecord()
            part.lastModifiedMs = self.clock.now.milliseconds
            part.layout.number = UInt32(number)
            part.layout.byteCount = body.byteCount
            part.layout.md5 = .init(body.md5)
            if let checksum { part.layout.checksum = ChecksumValue(checksum) }
            if let segment = body.place(in: &batch, inlineID: self.clock.versionID().newestFirstBytes) {
                part.layout.segments = [segment]
            }
            batch.put(row, try encodeRecord(part))
            if try await self.metadata.tryCommit(batch) {
                await self.deleteBlobs(orphans, in: bucket.partition)
                return part
            }
            // Aborted or completed meanwhile, or the same part was sent twice at once, or the key changed.
            upload = try await self.upload(upload.id.wireForm, of: upload.key, in: bucket)
        }
        throw .operationAborted
    }
}
