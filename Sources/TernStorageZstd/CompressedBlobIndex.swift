import NIOCore
import TernStorage

/// What stands behind the blocks of a compressed blob, all numbers little-endian:
///
/// ```
/// blocks          each compressed alone, or as it is where that is not shorter
/// index           stored length of each block, 4 bytes each
/// trailer         "TERNZSTD" (8)  version 1 (4)  block size (4)  length of the data (8)
/// ```
struct CompressedBlobIndex: Sendable, Equatable {
    static let blockByteCount = 128 << 10
    static let trailerByteCount = 24
    private static let magic: UInt64 = 0x5445_524E_5A53_5444
    private static let version: UInt32 = 1

    /// The length of the data.
    var byteCount: Int64 = 0
    /// The stored length of each block.
    var storedByteCounts: [UInt32] = []

    static func blockCount(of byteCount: Int64) -> Int64 {
        byteCount / Int64(self.blockByteCount) + (byteCount % Int64(self.blockByteCount) == 0 ? 0 : 1)
    }

    /// How many bytes of data a block has.
    func byteCount(ofBlock block: Int) -> Int {
        Int(min(Int64(Self.blockByteCount), self.byteCount - Int64(block) * Int64(Self.blockByteCount)))
    }

    func encode() -> ByteBuffer {
        var bytes = ByteBuffer()
        for count in self.storedByteCounts { bytes.writeInteger(count, endianness: .little) }
        bytes.writeInteger(Self.magic)
        bytes.writeInteger(Self.version, endianness: .little)
        bytes.writeInteger(UInt32(Self.blockByteCount), endianness: .little)
        bytes.writeInteger(UInt64(self.byteCount), endianness: .little)
        return bytes
    }

    /// The length of the data, from the trailer alone.
    static func byteCount(trailer: ByteBuffer) throws(StorageError) -> Int64 {
        var bytes = trailer
        guard let magic = bytes.readInteger(as: UInt64.self), magic == self.magic,
            let version = bytes.readInteger(endianness: .little, as: UInt32.self), version == self.version,
            let block = bytes.readInteger(endianness: .little, as: UInt32.self), block == UInt32(self.blockByteCount),
            let byteCount = bytes.readInteger(endianness: .little, as: UInt64.self), byteCount <= UInt64(Int64.max)
        else { throw StorageError(.damaged, "a compressed blob does not end in its trailer") }
        return Int64(byteCount)
    }

    /// - Parameter dataByteCount: How many stored bytes stand before the index.
    init(decoding index: ByteBuffer, byteCount: Int64, dataByteCount: Int64) throws(StorageError) {
        self.byteCount = byteCount
        var bytes = index
        var total: Int64 = 0
        while let count = bytes.readInteger(endianness: .little, as: UInt32.self) {
            guard count <= UInt32(Self.blockByteCount) else {
                throw StorageError(.damaged, "a compressed block is longer than a block can be")
            }
            self.storedByteCounts.append(count)
            total += Int64(count)
        }
        guard total == dataByteCount else {
            throw StorageError(.damaged, "the blocks of a compressed blob do not fit its index")
        }
    }

    init() {}
}
