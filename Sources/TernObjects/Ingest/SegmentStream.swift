import NIOCore
import TernChecksums
import TernCore

/// Parts a segment's stream into its bytes and the checksums between and behind them.
///
/// Of a segment in blocks, bytes come out once their checksum has come: what came out can be kept, whatever becomes of the
/// rest. One that is a single block may be large; its bytes come out as they come in.
struct SegmentStream {
    /// What a checksum was right for.
    struct Verified {
        var byteCount: Int64 = 0
        var crc64nvme: UInt64 = 0
        /// In the algorithm of the object's own checksum.
        var own: ChecksumHasher?
    }

    private(set) var verified: Verified
    private let isInBlocks: Bool
    private let blockBytes: Int64
    /// Bytes of the segment that have not come.
    private var remaining: Int64
    private var openBlock: Int64
    private var crc = CRC64NVME()
    private var block = ByteBuffer()
    private var trailer: [UInt8] = []
    private var isEnded = false
    private(set) var damage: String?

    /// - Parameter blockBytes: 0 for one block.
    init(byteCount: Int64, blockBytes: Int64, own: ChecksumHasher?) {
        self.remaining = byteCount
        self.isInBlocks = blockBytes > 0
        self.blockBytes = blockBytes > 0 ? blockBytes : byteCount
        self.openBlock = min(self.blockBytes, byteCount)
        self.verified = Verified(own: own)
    }

    /// Takes what arrived, and returns what is to be stored.
    mutating func take(_ arrived: ByteBuffer) -> ByteBuffer {
        var arrived = arrived
        var output = ByteBuffer()
        while self.damage == nil, arrived.readableBytes > 0 {
            if self.openBlock > 0 {
                let length = Int(min(self.openBlock, Int64(arrived.readableBytes)))
                guard let bytes = arrived.readSlice(length: length) else { break }
                self.remaining -= Int64(length)
                self.openBlock -= Int64(length)
                bytes.withUnsafeReadableBytes { self.crc.update($0) }
                if self.isInBlocks {
                    self.block.writeImmutableBuffer(bytes)
                } else {
                    bytes.withUnsafeReadableBytes { self.verified.own?.update($0) }
                    self.verified.byteCount += Int64(length)
                    output.writeImmutableBuffer(bytes)
                }
            } else if self.isEnded {
                self.damage = "the segment is too long"
            } else if let byte = arrived.readInteger(as: UInt8.self) {
                self.trailer.append(byte)
                if self.trailer.count == Int(IngestLimits.segmentTrailerBytes) { self.endBlock(&output) }
            }
        }
        return output
    }

    private mutating func endBlock(_ output: inout ByteBuffer) {
        guard UInt64(bigEndianBytes: self.trailer) == self.crc.value else {
            self.damage = "the segment's CRC64NVME does not match"
            return
        }
        self.trailer.removeAll(keepingCapacity: true)
        self.verified.crc64nvme = self.crc.value
        if self.isInBlocks {
            self.block.withUnsafeReadableBytes { self.verified.own?.update($0) }
            self.verified.byteCount += Int64(self.block.readableBytes)
            output.writeBuffer(&self.block)
            self.block.clear()
        }
        self.openBlock = min(self.blockBytes, self.remaining)
        self.isEnded = self.remaining == 0
    }

    /// What is wrong at the end of the stream; `nil` if it was the segment.
    var problem: String? {
        if let damage { return damage }
        if self.isEnded { return nil }
        return self.remaining > 0 ? "the segment is too short" : "the segment has no checksum"
    }

    /// Bytes that came out and are right, though the segment is not whole.
    var keptByteCount: Int64 { self.isInBlocks ? self.verified.byteCount : 0 }
}
