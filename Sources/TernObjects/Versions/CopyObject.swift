import FoundationEssentials
package import NIOCore
import TernChecksums
package import TernCore
import TernPorts
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// CopyObject: a new object with the bytes of `source`.
    ///
    /// No blob is written unless the copy is of a class with another storage pool: small bodies are copied inside the
    /// metadata store, and blobs are cloned. Where the source is a plain object whose checksum is of the wanted
    /// algorithm, no byte is read either. Otherwise the bytes are read once, since the copy is one part with an MD5 of
    /// its own (spec rules CPY-6, CPY-7).
    ///
    /// Encrypted bytes are cloned as they are, and their data key is sealed anew for the copy, whatever it was and will
    /// be sealed by. Only between a body and a copy of which one is in clear, or is sealed in two layers, are the bytes
    /// read and written.
    ///
    /// Source: Amazon S3 API Reference, CopyObject; spec §6.4.
    package func copyObject(
        from source: StoredVersion,
        in sourceBucket: BucketState,
        to key: ObjectKey,
        in bucketName: String,
        attributes: ObjectAttributes,
        access: KeyAccess,
        algorithm: ChecksumAlgorithm,
        condition: WriteCondition,
        cause: EventCause = EventCause(.copyObject)
    ) async throws(S3Error) -> WrittenVersion {
        let requested = self.clock.now
        let bucket = try await self.registry.state(bucketName)
        let record = source.record
        let sourceCipher = try await self.cipher(of: record, key: source.key, in: sourceBucket, access: access)
        let encryption = try await self.newEncryption(
            attributes.encryption, for: key, in: bucket, reusing: sourceCipher)
        guard sourceCipher?.layers == encryption?.cipher.layers else {
            return try await self.copyAnew(
                source, cipher: sourceCipher, in: sourceBucket, to: key, in: bucket, attributes: attributes,
                encryption: encryption, algorithm: algorithm, condition: condition, requested: requested, cause: cause)
        }
        let isPlain = record.etagPartCount == 0 && record.layoutRows == 0
        let sameChecksum = record.checksum.checksum.flatMap {
            $0.algorithm == algorithm && $0.type == .fullObject ? $0 : nil
        }
        // Behind an opaque ETag there is no MD5 to take over.
        let needsMD5 = record.encryption.hasOpaqueETag && encryption?.record.hasOpaqueETag != true
        guard isPlain, !needsMD5, let checksum = sameChecksum else {
            return try await self.copyDigesting(
                source, cipher: sourceCipher, in: sourceBucket, to: key, in: bucket, template: attributes.template,
                encryption: encryption, algorithm: algorithm, condition: condition, requested: requested, cause: cause)
        }
        let body = try await self.cloneBody(
            of: record, checksum: checksum, from: sourceBucket.partition, to: bucket.partition,
            pool: self.pool(of: attributes.storageClass))
        return try await self.writePlainVersion(
            of: key, in: bucket, body: body, encryption: encryption, template: attributes.template,
            condition: condition, requested: requested, cause: cause)
    }

    /// Copies a body by reading it and encrypting it anew.
    private func copyAnew(
        _ source: StoredVersion,
        cipher: BodyCipher?,
        in sourceBucket: BucketState,
        to key: ObjectKey,
        in bucket: BucketState,
        attributes: ObjectAttributes,
        encryption: NewEncryption?,
        algorithm: ChecksumAlgorithm,
        condition: WriteCondition,
        requested: Timestamp,
        cause: EventCause
    ) async throws(S3Error) -> WrittenVersion {
        let record = source.record
        guard
            let opened = try await self.openBody(
                of: record, range: 0..<record.byteCount, cipher: cipher, in: sourceBucket.partition)
        else { throw .noSuchKey(source.key) }
        let body = try await self.receive(
            OpenedBodySource(opened), checksums: [algorithm], maximumBytes: record.byteCount,
            storageClass: attributes.storageClass, sealing: .whole(encryption?.cipher), into: bucket.partition)
        return try await self.writePlainVersion(
            of: key, in: bucket, body: body, encryption: encryption, template: attributes.template,
            condition: condition, requested: requested, cause: cause)
    }

    /// Copies a body whose MD5 or checksum has to be computed anew: one pass of reading, then clones of its segments.
    private func copyDigesting(
        _ source: StoredVersion,
        cipher: BodyCipher?,
        in sourceBucket: BucketState,
        to key: ObjectKey,
        in bucket: BucketState,
        template: VersionRecord,
        encryption: NewEncryption?,
        algorithm: ChecksumAlgorithm,
        condition: WriteCondition,
        requested: Timestamp,
        cause: EventCause
    ) async throws(S3Error) -> WrittenVersion {
        let record = source.record
        guard let layout = try await self.layout(of: record, in: sourceBucket.partition),
            let opened = try await self.openBody(
                of: record, layout: layout, range: 0..<record.byteCount, cipher: cipher,
                in: sourceBucket.partition)
        else { throw .noSuchKey(source.key) }
        var part = try await self.digest(OpenedBodySource(opened), algorithm: algorithm)
        let clones = try await self.cloneSegments(
            layout.segments, of: source, from: sourceBucket.partition, to: bucket.partition,
            pool: self.pool(of: template.storageClassValue))
        part.segments = clones.segments
        if let encryption { part.md5 = .init(encryption.etag(Array(part.md5))) }
        do {
            return try await self.writeVersion(
                of: key, in: bucket, template: template, condition: condition, requested: requested, cause: cause
            ) { record, batch throws(S3Error) in
                record.byteCount = part.byteCount
                record.etagMd5 = part.md5
                record.checksum = part.checksum
                if let encryption { record.encryption = encryption.record }
                for row in clones.inlineRows { batch.put(row.key, row.value) }
                for blob in clones.blobs { batch.put(Keyspace.blobOwner(blob), []) }
                if part.segments.count == 1 {
                    record.body = part.segments[0]
                } else if part.segments.count > 1 {
                    let rows = try BodyLayout(parts: [part]).rows(for: record.versionID)
                    for row in rows { batch.put(row.key, row.value) }
                    record.layoutRows = UInt32(rows.count)
                }
            }
        } catch {
            // As in `abandon`: after a failure of storage the commit may yet turn out to have happened.
            if error.status < 500 { await self.deleteBlobs(clones.blobs, in: bucket.partition) }
            throw error
        }
    }

    /// Size, MD5 and checksum of a body, as one part without segments.
    private func digest(_ source: any HTTPBodySource, algorithm: ChecksumAlgorithm) async throws(S3Error) -> PartLayout
    {
        var md5 = MD5Hasher()
        var hasher = ChecksumHasher(algorithm)
        var part = PartLayout()
        do {
            while let chunk = try await source.next() {
                part.byteCount += Int64(chunk.readableBytes)
                chunk.withUnsafeReadableBytes { bytes in
                    md5.update(bytes)
                    hasher.update(bytes)
                }
            }
        } catch {
            throw self.s3Error(error, during: "reading the source of a copy")
        }
        part.md5 = .init(md5.finalize())
        part.checksum = ChecksumValue(Checksum(algorithm: algorithm, digest: hasher.finalize()))
        return part
    }

    /// New names for the bytes of some segments.
    private struct ClonedSegments {
        var segments: [BodySegment] = []
        var inlineRows: [KeyValue] = []
        var blobs: [BlobID] = []
    }

    private func cloneSegments(
        _ segments: [BodySegment], of source: StoredVersion, from sourcePartition: PartitionID,
        to partition: PartitionID, pool: String
    ) async throws(S3Error) -> ClonedSegments {
        var result = ClonedSegments()
        for segment in segments {
            var copy = segment
            switch segment.place {
            case .blobID:
                break
            case .inlineID(let id):
                guard let bytes = try await self.metadata.value(Keyspace.body(Array(id)), in: sourcePartition) else {
                    throw .noSuchKey(source.key)
                }
                let name = self.clock.versionID().newestFirstBytes
                copy.inlineID = .init(name)
                result.inlineRows.append(KeyValue(key: Keyspace.body(name), value: bytes))
            case nil:
                throw .internalError
            }
            result.segments.append(copy)
        }
        do {
            (result.segments, result.blobs) = try await self.cloneBlobs(
                of: result.segments, from: sourcePartition, to: partition, pool: pool)
        } catch  where error.code == .notFound {
            throw .noSuchKey(source.key)
        } catch {
            throw self.s3Error(error, during: "cloning blobs")
        }
        return result
    }

    /// The body of a plain version once more, without reading it where it is a blob.
    private func cloneBody(
        of record: VersionRecord, checksum: Checksum, from source: PartitionID, to destination: PartitionID,
        pool: String
    ) async throws(S3Error) -> ReceivedBody {
        var body = ReceivedBody(
            byteCount: record.byteCount, md5: Array(record.etagMd5), checksums: [checksum], inline: nil, blob: nil)
        body.salt = record.body.cipherSalt
        switch record.hasBody ? record.body.place : nil {
        case .inlineID(let id):
            guard let bytes = try await self.metadata.value(Keyspace.body(Array(id)), in: source) else {
                throw .internalError
            }
            body.inline = bytes
        case .blobID:
            do {
                body.blob = try await self.cloneBlobs(
                    of: [record.body], from: source, to: destination, pool: pool
                ).blobs.first
                body.pool = pool
            } catch {
                throw self.s3Error(error, during: "cloning a blob")
            }
        case nil:
            body.inline = []
        }
        return body
    }
}

/// An opened body, to be read by whatever takes a stream.
package actor OpenedBodySource: HTTPBodySource {
    private var body: OpenedBody

    package init(_ body: OpenedBody) {
        self.body = body
    }

    package func next() async throws -> ByteBuffer? {
        switch self.body {
        case .none:
            return nil
        case .bytes(let bytes):
            self.body = .none
            return bytes
        case .stream(let source):
            return try await source.next()
        }
    }
}
