import CZstd
import NIOCore
import TernStorage

/// One block, compressed and back. Both take about a millisecond and leave the caller's thread for it.
enum Zstandard {
    /// Fast, and close to what higher levels reach.
    private static let level: Int32 = 3

    /// The block compressed, or as it is where that would not be shorter.
    @concurrent
    static func compress(_ block: ByteBuffer) async throws(StorageError) -> ByteBuffer {
        let capacity = ZSTD_compressBound(block.readableBytes)
        var result = ByteBufferAllocator().buffer(capacity: capacity)
        var code = 0
        result.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { target in
            block.withUnsafeReadableBytes { source in
                code = ZSTD_compress(target.baseAddress, capacity, source.baseAddress, source.count, self.level)
            }
            return ZSTD_isError(code) == 0 ? code : 0
        }
        if ZSTD_isError(code) != 0 { throw StorageError(.io, "a block cannot be compressed") }
        return result.readableBytes < block.readableBytes ? result : block
    }

    /// A block of `byteCount` bytes from what ``compress(_:)`` made of it.
    @concurrent
    static func decompress(_ stored: ByteBuffer, byteCount: Int) async throws(StorageError) -> ByteBuffer {
        if stored.readableBytes == byteCount { return stored }
        var result = ByteBufferAllocator().buffer(capacity: byteCount)
        result.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { target in
            let code = stored.withUnsafeReadableBytes { source in
                ZSTD_decompress(target.baseAddress, byteCount, source.baseAddress, source.count)
            }
            return ZSTD_isError(code) == 0 ? code : 0
        }
        guard result.readableBytes == byteCount else {
            throw StorageError(.damaged, "a compressed block does not have the bytes that it should")
        }
        return result
    }
}
