package import FoundationEssentials
import Logging
import NIOCore
import TernChecksums
package import TernCore
import TernPorts
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// A body that was received and stored, but is not yet named by any record.
package struct ReceivedBody: Sendable {
    package var byteCount: Int64
    package var md5: [UInt8]
    /// In the order in which the algorithms were asked for.
    package var checksums: [Checksum]
    /// The bytes of a small body, to be put into the commit.
    package var inline: [UInt8]?
    /// The blob of a large one.
    package var blob: BlobID?
    /// The storage pool that has the blob.
    package var pool = BlobPools.standardName
    /// What makes the key of these bytes of the body's data key, if it is encrypted and has more than this.
    package var salt = Data()

    /// Adds what the body needs to the commit that names it, and says where it will be. `nil` for an empty body.
    package func place(in batch: inout MetadataBatch, inlineID: [UInt8]) -> BodySegment? {
        guard self.byteCount > 0 else { return nil }
        var segment = BodySegment()
        segment.byteCount = self.byteCount
        segment.cipherSalt = self.salt
        if let inline {
            batch.put(Keyspace.body(inlineID), inline)
            segment.inlineID = .init(inlineID)
        } else if let blob {
            batch.put(Keyspace.blobOwner(blob), [])
            segment.blobID = .init(blob.bytes)
            segment.pool = self.pool
        }
        return segment
    }
}

extension ObjectService {
    /// Pulls a body from its source into storage, computing its MD5 and the wanted checksums on the way.
    ///
    /// A body under the inline threshold stays in memory, to travel inside the commit; a larger one streams into a blob
    /// at the pace of the disk. When this throws, nothing is left behind.
    ///
    /// - Parameter sealing: How the bytes are encrypted; `nil` for a body that is not.
    func receive(
        _ source: any HTTPBodySource,
        checksums algorithms: [ChecksumAlgorithm],
        maximumBytes: Int64,
        storageClass: StorageClass,
        sealing: SegmentSealing?,
        into partition: PartitionID
    ) async throws(S3Error) -> ReceivedBody {
        let pool = self.pool(of: storageClass)
        var md5 = MD5Hasher()
        var hashers = algorithms.map { ChecksumHasher($0) }
        var byteCount: Int64 = 0
        var sink = self.sink(into: partition, pool: pool, sealing: sealing)
        do {
            while let chunk = try await source.next() {
                if chunk.readableBytes == 0 { continue }
                byteCount += Int64(chunk.readableBytes)
                if byteCount > maximumBytes {
                    throw S3Error.entityTooLarge(proposed: byteCount, maximum: maximumBytes)
                }
                chunk.withUnsafeReadableBytes { bytes in
                    md5.update(bytes)
                    for index in hashers.indices { hashers[index].update(bytes) }
                }
                try await sink.write(chunk)
            }
            var body = ReceivedBody(byteCount: byteCount, md5: md5.finalize(), checksums: [], inline: nil, blob: nil)
            for index in hashers.indices {
                body.checksums.append(Checksum(algorithm: algorithms[index], digest: hashers[index].finalize()))
            }
            let stored = try await sink.finish()
            body.inline = stored.inline
            body.blob = stored.blob
            if stored.blob != nil { body.pool = pool }
            if let sealing { body.salt = sealing.salt }
            return body
        } catch {
            await sink.discard()
            throw self.s3Error(error, during: "receiving a body")
        }
    }

    /// Frees a received body whose commit was refused with `error`.
    ///
    /// Where storage failed the commit's outcome is not known: its record may yet appear when the store is opened again,
    /// and must then find its blob. Such a body is left to the collector.
    package func abandon(_ body: ReceivedBody, after error: S3Error, in partition: PartitionID) async {
        guard let blob = body.blob, error.status < 500 else { return }
        await self.deleteBlobs([blob], in: partition)
    }

    /// Deletes blobs that no record names any more. A failure is logged and left to the collector.
    package func deleteBlobs(_ blobs: [BlobID], in partition: PartitionID) async {
        guard !blobs.isEmpty else { return }
        do {
            try await self.blobs.delete(blobs, in: partition)
        } catch {
            self.logger.warning(
                "blobs not deleted; the collector will", metadata: ["count": "\(blobs.count)", "error": "\(error)"])
        }
    }

    /// The S3 error for whatever a body pipeline threw; unexpected ones are logged.
    package func s3Error(_ error: any Error, during activity: String) -> S3Error {
        switch error {
        case let error as S3Error:
            return error
        case let error as StorageError:
            self.logger.error("storage failed", metadata: ["activity": "\(activity)", "error": "\(error)"])
            return S3Error(error)
        default:
            self.logger.info("request broken off", metadata: ["activity": "\(activity)", "error": "\(error)"])
            return .incompleteBody
        }
    }
}
