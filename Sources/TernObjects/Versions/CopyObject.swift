package import TernCore
package import NIOCore
import TernPorts
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// CopyObject: a new object with the bytes of `source`.
    ///
    /// Where the source is a plain object whose checksum is of the wanted algorithm, no byte is read: small bodies are
    /// copied inside the metadata store, and blobs are cloned. Otherwise the bytes are read once, since the copy is one
    /// part with an MD5 of its own (spec rules CPY-6, CPY-7).
    ///
    /// Source: Amazon S3 API Reference, CopyObject; spec §6.4.
    package func copyObject(
        from source: StoredVersion,
        in sourceBucket: BucketState,
        to key: ObjectKey,
        in bucketName: String,
        attributes: ObjectAttributes,
        algorithm: ChecksumAlgorithm,
        condition: WriteCondition
    ) async throws(S3Error) -> WrittenVersion {
        let requested = self.clock.now
        let bucket = try await self.registry.state(bucketName)
        let record = source.record
        let isPlain = record.etagPartCount == 0 && record.layoutRows == 0
        let sameChecksum = record.checksum.checksum.flatMap { $0.algorithm == algorithm && $0.type == .fullObject ? $0 : nil }
        let body: ReceivedBody
        if isPlain, let checksum = sameChecksum {
            body = try await self.cloneBody(of: record, checksum: checksum, from: sourceBucket.partition, to: bucket.partition)
        } else {
            let opened = try await self.openBody(of: record, range: 0..<record.byteCount, in: sourceBucket.partition)
            guard let opened else { throw .noSuchKey(source.key) }
            body = try await self.receive(
                OpenedBodySource(opened), checksums: [algorithm], maximumBytes: Int64.max, into: bucket.partition)
        }
        do {
            return try await self.writeVersion(
                of: key, in: bucket, template: attributes.template, condition: condition, requested: requested
            ) { record, batch throws(S3Error) in
                Self.fill(&record, with: body, batch: &batch)
            }
        } catch {
            await self.abandon(body, after: error, in: bucket.partition)
            throw error
        }
    }

    /// The body of a plain version once more, without reading it where it is a blob.
    private func cloneBody(
        of record: VersionRecord, checksum: Checksum, from source: PartitionID, to destination: PartitionID
    ) async throws(S3Error) -> ReceivedBody {
        var body = ReceivedBody(
            byteCount: record.byteCount, md5: Array(record.etagMd5), checksums: [checksum], inline: nil, blob: nil)
        switch record.hasBody ? record.body.place : nil {
        case .inlineID(let id):
            guard let bytes = try await self.metadata.value(Keyspace.body(Array(id)), in: source) else {
                throw .internalError
            }
            body.inline = bytes
        case .blobID(let id):
            guard let blob = BlobID(Array(id)) else { throw .internalError }
            do {
                body.blob = try await self.blobs.clone([blob], from: source, to: destination).first
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
