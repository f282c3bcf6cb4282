import NIOCore
import Synchronization
import TernStorage

/// Reads one compressed blob by whole blocks, and remembers the last one for small reads in a row.
final class CompressedBlobReader: BlobReader {
    private struct Block {
        var number: Int
        var bytes: ByteBuffer
    }

    let byteCount: Int64

    private let reader: any BlobReader
    private let index: CompressedBlobIndex
    /// Where each block begins in the stored bytes.
    private let offsets: [Int64]
    private let last = Mutex<Block?>(nil)

    static func open(_ reader: any BlobReader) async throws(StorageError) -> CompressedBlobReader {
        let trailerByteCount = Int64(CompressedBlobIndex.trailerByteCount)
        let end = reader.byteCount - trailerByteCount
        guard end >= 0 else { throw StorageError(.damaged, "a compressed blob is too short for its trailer") }
        let trailer = try await self.bytes(of: reader, from: end, byteCount: CompressedBlobIndex.trailerByteCount)
        let byteCount = try CompressedBlobIndex.byteCount(trailer: trailer)
        let blockCount = CompressedBlobIndex.blockCount(of: byteCount)
        guard blockCount <= end / 4 else {
            throw StorageError(.damaged, "a compressed blob is too short for its index")
        }
        let dataByteCount = end - blockCount * 4
        let table = try await self.bytes(of: reader, from: dataByteCount, byteCount: Int(blockCount) * 4)
        return CompressedBlobReader(
            reader, try CompressedBlobIndex(decoding: table, byteCount: byteCount, dataByteCount: dataByteCount))
    }

    private init(_ reader: any BlobReader, _ index: CompressedBlobIndex) {
        self.reader = reader
        self.index = index
        self.byteCount = index.byteCount
        var offset: Int64 = 0
        self.offsets = index.storedByteCounts.map { count in
            defer { offset += Int64(count) }
            return offset
        }
    }

    func read(at offset: Int64, maximum: Int) async throws(StorageError) -> ByteBuffer {
        guard offset >= 0, offset < self.byteCount, maximum > 0 else { return ByteBuffer() }
        let number = Int(offset / Int64(CompressedBlobIndex.blockByteCount))
        let block = try await self.block(number)
        let skipped = Int(offset % Int64(CompressedBlobIndex.blockByteCount))
        let count = min(maximum, block.readableBytes - skipped)
        return block.getSlice(at: block.readerIndex + skipped, length: count) ?? ByteBuffer()
    }

    private func block(_ number: Int) async throws(StorageError) -> ByteBuffer {
        if let known = self.last.withLock({ $0?.number == number ? $0 : nil }) { return known.bytes }
        let stored = try await Self.bytes(
            of: self.reader, from: self.offsets[number], byteCount: Int(self.index.storedByteCounts[number]))
        let bytes = try await Zstandard.decompress(stored, byteCount: self.index.byteCount(ofBlock: number))
        self.last.withLock { $0 = Block(number: number, bytes: bytes) }
        return bytes
    }

    private static func bytes(
        of reader: any BlobReader, from offset: Int64, byteCount: Int
    ) async throws(StorageError) -> ByteBuffer {
        var result = ByteBuffer()
        while result.readableBytes < byteCount {
            let piece = try await reader.read(
                at: offset + Int64(result.readableBytes), maximum: byteCount - result.readableBytes)
            if piece.readableBytes == 0 { throw StorageError(.damaged, "a compressed blob ended early") }
            if result.readableBytes == 0 { result = piece } else { result.writeImmutableBuffer(piece) }
        }
        return result
    }
}
