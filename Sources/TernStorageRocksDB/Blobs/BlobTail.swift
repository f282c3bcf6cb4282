import Glibc
import NIOCore
import TernStorage

/// The end of a blob file, as read when it is opened.
struct BlobTail {
    let footer: BlobFooter
    /// All data, not yet verified, if the blob is small.
    let data: ByteBuffer?

    /// Enough for the footer of a blob of 128 MiB; larger ones take a second read.
    private static let footerByteCount: Int64 = 4 << 10

    /// Blocks.
    ///
    /// - Parameter dataByteCount: Blobs up to this length are read as a whole.
    init(descriptor: Int32, path: String, dataByteCount: Int64) throws(StorageError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StorageError(errno: errno, "could not examine", path) }
        let fileByteCount = Int64(status.st_size)
        let readByteCount = min(fileByteCount, dataByteCount + Self.footerByteCount)
        let isWhole = readByteCount == fileByteCount
        let count = isWhole ? readByteCount : Self.footerByteCount
        var tail = try Self.read(descriptor, path, from: fileByteCount - count, byteCount: Int(count))
        let end = try Self.flaws(in: path) { () throws(BlobFooter.Flaw) in
            try Self.withTail(of: tail, BlobFooter.trailerByteCount) { bytes throws(BlobFooter.Flaw) in
                try BlobFooter.byteCount(trailer: bytes, fileByteCount: fileByteCount)
            }
        }
        let footerByteCount = Int(BlobFooter.footerByteCount(of: end))
        if footerByteCount > tail.readableBytes {
            tail = try Self.read(descriptor, path, from: end, byteCount: footerByteCount)
        }
        self.footer = try Self.flaws(in: path) { () throws(BlobFooter.Flaw) in
            try Self.withTail(of: tail, footerByteCount) { bytes throws(BlobFooter.Flaw) in
                try BlobFooter(decoding: bytes, byteCount: end)
            }
        }
        self.data = isWhole ? tail.getSlice(at: tail.readerIndex, length: Int(end)) : nil
    }

    private static func flaws<Value>(
        in path: String,
        _ body: () throws(BlobFooter.Flaw) -> Value
    ) throws(StorageError) -> Value {
        do throws(BlobFooter.Flaw) {
            return try body()
        } catch {
            throw StorageError(.damaged, "the footer of \(path) is damaged: \(error.reason)")
        }
    }

    /// Reads exactly this much. Blocks.
    static func read(
        _ descriptor: Int32,
        _ path: String,
        from offset: Int64,
        byteCount: Int
    ) throws(StorageError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(byteCount)
        while buffer.readableBytes < byteCount {
            let missing = byteCount - buffer.readableBytes
            let position = off_t(offset) + off_t(buffer.readableBytes)
            var code: Int32 = 0
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { bytes in
                let count = pread(descriptor, bytes.baseAddress, missing, position)
                if count < 0 { code = errno }
                return max(0, count)
            }
            if count > 0 || code == EINTR { continue }
            guard code == 0 else { throw StorageError(errno: code, "could not read the blob", path) }
            throw StorageError(.damaged, "\(path) ends too early, at byte \(position)")
        }
        return buffer
    }

    private static func withTail<Result>(
        of buffer: ByteBuffer,
        _ byteCount: Int,
        _ body: (UnsafeRawBufferPointer) throws(BlobFooter.Flaw) -> Result
    ) throws(BlobFooter.Flaw) -> Result {
        let result = buffer.withUnsafeReadableBytes { bytes -> Swift.Result<Result, BlobFooter.Flaw> in
            do throws(BlobFooter.Flaw) {
                return .success(try body(UnsafeRawBufferPointer(rebasing: bytes.suffix(byteCount))))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
