import TernChecksums
package import TernCore
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// What the listed parts of an upload make together.
struct UploadAssembly: Sendable {
    var layout: BodyLayout
    /// MD5 over the parts' MD5s.
    var etagMD5: [UInt8]
    var checksum: Checksum
    /// The rows of the listed parts, for the preconditions.
    var partRows: [KeyValue]
}

extension ObjectService {
    /// Checks the client's list of parts against those uploaded, in S3's order of errors.
    func assemble(
        _ upload: StoredUpload, request: CompletionRequest, in bucket: BucketState
    ) async throws(S3Error) -> UploadAssembly {
        let uploadID = upload.id.wireForm
        try Self.checkType(request, upload: upload)

        let stored = try await self.uploadedParts(of: upload.id, in: bucket.partition)
        var layout = BodyLayout(parts: [])
        var partRows: [KeyValue] = []
        var etags = MD5Hasher()
        for (index, listed) in request.parts.enumerated() {
            guard let (row, part) = stored[listed.number], part.layout.etag == listed.etag else {
                throw .invalidPart(etag: listed.etag, partNumber: listed.number, uploadID: uploadID)
            }
            try Self.checkPart(listed, stored: part.layout, upload: upload)
            if index < request.parts.count - 1, part.layout.byteCount < self.options.minimumPartBytes {
                throw .entityTooSmall(
                    etag: listed.etag, partNumber: listed.number, byteCount: part.layout.byteCount)
            }
            Array(part.layout.md5).withUnsafeBytes { etags.update($0) }
            layout.parts.append(part.layout)
            partRows.append(row)
        }
        let total = layout.byteCount
        if let claimed = request.objectSize, claimed != total {
            throw .multipartObjectSizeMismatch(given: "\(claimed)", computed: total)
        }
        if total > self.options.maximumObjectBytes {
            throw .entityTooLarge(proposed: total, maximum: self.options.maximumObjectBytes)
        }
        let checksum = Self.checksum(of: layout, upload: upload)
        if let given = request.checksum, given.algorithm == checksum.algorithm, !Self.isSame(given.value, checksum) {
            throw .completedChecksumMismatch(given.algorithm)
        }
        if upload.algorithm == nil {
            // The client asked for no checksums of parts, so none are shown later.
            for index in layout.parts.indices { layout.parts[index].clearChecksum() }
        }
        return UploadAssembly(layout: layout, etagMD5: etags.finalize(), checksum: checksum, partRows: partRows)
    }

    /// The uploaded parts by number, with their rows.
    package func uploadedParts(
        of upload: VersionID, in partition: PartitionID
    ) async throws(S3Error) -> [Int: (row: KeyValue, part: UploadPartRecord)] {
        var parts: [Int: (row: KeyValue, part: UploadPartRecord)] = [:]
        let rows = try await self.metadata.entries(
            KeyRange(prefix: Keyspace.uploadPartPrefix(upload)), in: partition, limit: 10_000)
        for row in rows {
            let part: UploadPartRecord = try decodeRecord(row.value)
            parts[Int(part.layout.number)] = (row, part)
        }
        return parts
    }

    /// CHK-15
    private static func checkType(_ request: CompletionRequest, upload: StoredUpload) throws(S3Error) {
        guard let type = request.checksumType else { return }
        if upload.algorithm == nil { throw .checksumModeMismatch(created: nil) }
        if type != upload.checksumType { throw .checksumModeMismatch(created: upload.checksumType) }
    }

    /// CHK-13 to CHK-15
    private static func checkPart(_ listed: CompleteMultipartUploadXML.Part, stored: PartLayout, upload: StoredUpload)
        throws(S3Error)
    {
        let invalid = S3Error.invalidPart(etag: listed.etag, partNumber: listed.number, uploadID: upload.id.wireForm)
        guard let algorithm = upload.algorithm else {
            if listed.checksums.isEmpty { return }
            throw invalid
        }
        guard let given = listed.checksums[algorithm] else {
            if upload.checksumType == .composite {
                throw .partChecksumMissing(algorithm, partNumber: listed.number)
            }
            return
        }
        if given == stored.checksum.checksum?.wireForm { return }
        if Base64.decode(given)?.count == algorithm.byteCount {
            throw .partChecksumMismatch(algorithm, partNumber: listed.number)
        }
        throw invalid
    }

    /// CHK-14, CHK-16
    private static func checksum(of layout: BodyLayout, upload: StoredUpload) -> Checksum {
        let algorithm = upload.algorithm ?? .crc64nvme
        if upload.algorithm != nil, upload.checksumType == .composite {
            var hasher = ChecksumHasher(algorithm)
            for part in layout.parts { Array(part.checksum.digest).withUnsafeBytes { hasher.update($0) } }
            return Checksum(
                algorithm: algorithm, type: .composite, digest: hasher.finalize(), partCount: layout.parts.count)
        }
        var digest = ChecksumHasher.hash([], algorithm)
        for part in layout.parts {
            // Full-object checksums are refused at creation for algorithms that do not combine (CHK-11).
            digest = algorithm.combine(digest, Array(part.checksum.digest), secondByteCount: part.byteCount) ?? []
        }
        return Checksum(algorithm: algorithm, digest: digest)
    }

    /// Clients may send a composite with or without its `-N`.
    private static func isSame(_ given: String, _ checksum: Checksum) -> Bool {
        given == checksum.wireForm || given == Base64.encode(checksum.digest)
    }
}
