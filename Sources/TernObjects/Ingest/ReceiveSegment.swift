import NIOCore
import TernChecksums
import TernCore
import TernPorts
import TernS3Protocol
import TernStorage

/// A segment that was stored and is what was sent.
struct ReceivedSegment: Sendable {
    var crc64nvme: UInt64
    /// In the algorithm of the object's own checksum, if that is another combinable one.
    var ownCRC: UInt64
    /// The bytes, when they are few.
    var inline: [UInt8]?
    /// The blob, when they are not.
    var blob: BlobID?
    /// The storage pool that has it.
    var pool: String
}

enum SegmentReception: Sendable {
    case stored(ReceivedSegment)
    /// The first bytes of it, so many of those that were sent, and why there are no more.
    case begun(ReceivedSegment, byteCount: Int64, String)
    case damaged(String)
}

extension ObjectService {
    /// Stores a segment's bytes at the pace of the disk, sealed if the replica is encrypted here. When it is not what was
    /// sent, nothing is left behind but the blocks that were right.
    ///
    /// - Parameter blockBytes: 0 for a segment that is one block.
    func receiveSegment(
        _ source: any HTTPBodySource,
        byteCount: Int64,
        blockBytes: Int64,
        sealing: SegmentSealing?,
        own algorithm: ChecksumAlgorithm?,
        pool: String,
        into partition: PartitionID
    ) async throws(S3Error) -> SegmentReception {
        var stream = SegmentStream(
            byteCount: byteCount, blockBytes: blockBytes, own: algorithm.map { ChecksumHasher($0) })
        var sink = self.sink(into: partition, pool: pool, sealing: sealing)
        var broken: (any Error)?
        do {
            receiving: while stream.damage == nil {
                let chunk: ByteBuffer?
                do {
                    chunk = try await source.next()
                } catch {
                    broken = error
                    break receiving
                }
                guard let chunk else { break }
                let bytes = stream.take(chunk)
                if bytes.readableBytes > 0 { try await sink.write(bytes) }
            }
            let problem = broken.map { "the segment broke off: \($0)" } ?? stream.problem
            if problem != nil, stream.keptByteCount == 0 {
                await sink.discard()
                if let broken { throw broken }
                return .damaged(problem ?? "")
            }
            let stored = try await sink.finish()
            var received = ReceivedSegment(
                crc64nvme: stream.verified.crc64nvme, ownCRC: 0, inline: stored.inline, blob: stored.blob, pool: pool)
            if let digest = stream.verified.own?.finalize() { received.ownCRC = UInt64(bigEndianBytes: digest) }
            guard let problem else { return .stored(received) }
            return .begun(received, byteCount: stream.keptByteCount, problem)
        } catch {
            await sink.discard()
            throw self.s3Error(error, during: "receiving a segment of a replica")
        }
    }
}
