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
    case damaged(String)
}

/// Parts a segment's stream into its bytes and the checksum behind them.
private struct SegmentStream {
    var remaining: Int64
    var crc = CRC64NVME()
    var own: ChecksumHasher?
    var trailer: [UInt8] = []
    var isTooLong = false

    /// The bytes of a chunk that belong to the segment.
    mutating func take(_ chunk: ByteBuffer) -> ByteBuffer {
        var chunk = chunk
        let bytes = chunk.readSlice(length: Int(min(self.remaining, Int64(chunk.readableBytes)))) ?? ByteBuffer()
        self.remaining -= Int64(bytes.readableBytes)
        bytes.withUnsafeReadableBytes { bytes in
            self.crc.update(bytes)
            self.own?.update(bytes)
        }
        if chunk.readableBytes > 0 {
            if self.trailer.count + chunk.readableBytes > Int(IngestLimits.segmentTrailerBytes) {
                self.isTooLong = true
            } else {
                self.trailer.append(contentsOf: chunk.readableBytesView)
            }
        }
        return bytes
    }

    var problem: String? {
        if self.remaining > 0 { return "the segment is too short" }
        if self.isTooLong { return "the segment is too long" }
        if self.trailer.count != Int(IngestLimits.segmentTrailerBytes) { return "the segment has no checksum" }
        return UInt64(bigEndianBytes: self.trailer) == self.crc.value ? nil : "the segment's CRC64NVME does not match"
    }
}

extension ObjectService {
    /// Stores a segment's bytes at the pace of the disk, sealed if the replica is encrypted here. When it is not what was sent, nothing is left behind.
    func receiveSegment(
        _ source: any HTTPBodySource,
        byteCount: Int64,
        sealing: SegmentSealing?,
        own algorithm: ChecksumAlgorithm?,
        pool: String,
        into partition: PartitionID
    ) async throws(S3Error) -> SegmentReception {
        var stream = SegmentStream(remaining: byteCount)
        stream.own = algorithm.map { ChecksumHasher($0) }
        var received = ReceivedSegment(crc64nvme: 0, ownCRC: 0, inline: nil, blob: nil, pool: pool)
        var sink = self.sink(into: partition, pool: pool, sealing: sealing)
        do {
            while let chunk = try await source.next() {
                let bytes = stream.take(chunk)
                if stream.isTooLong { break }
                if bytes.readableBytes == 0 { continue }
                try await sink.write(bytes)
            }
            if let problem = stream.problem {
                await sink.discard()
                return .damaged(problem)
            }
            received.crc64nvme = stream.crc.value
            if let digest = stream.own?.finalize() { received.ownCRC = UInt64(bigEndianBytes: digest) }
            let stored = try await sink.finish()
            received.inline = stored.inline
            received.blob = stored.blob
            return .stored(received)
        } catch {
            await sink.discard()
            throw self.s3Error(error, during: "receiving a segment of a replica")
        }
    }
}
