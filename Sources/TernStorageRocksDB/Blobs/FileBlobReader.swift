import CTernChecksums
import Glibc
import Logging
import NIOCore
import Synchronization
import TernStorage

/// Reads one blob file by whole blocks, and returns only bytes of blocks that match their checksums.
final class FileBlobReader: BlobReader {
    /// Verified bytes beyond those that were asked for.
    private struct Ahead {
        let offset: Int64
        let bytes: ByteBuffer

        /// `nil` if the byte at `offset` is not among these.
        func slice(at offset: Int64, maximum: Int) -> ByteBuffer? {
            let skipped = offset - self.offset
            guard skipped >= 0, skipped < Int64(self.bytes.readableBytes) else { return nil }
            let count = min(maximum, self.bytes.readableBytes - Int(skipped))
            return self.bytes.getSlice(at: self.bytes.readerIndex + Int(skipped), length: count)
        }
    }

    let byteCount: Int64

    private let path: String
    private let descriptor: Int32
    private let footer: BlobFooter
    private let pool: IOPool
    private let logger: Logger
    private let ahead: Mutex<Ahead?>

    /// A read fetches at least this much if the blob goes on, so that a sequence of small reads hops rarely.
    private static let fetchByteCountMin: Int64 = 256 << 10
    private static let fetchByteCountMax: Int64 = 1 << 20

    /// Opens the file of a blob and reads its footer; a small blob is read as a whole. Blocks.
    init(path: String, pool: IOPool, logger: Logger) throws(StorageError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "could not open the blob", path) }
        do throws(StorageError) {
            let tail = try BlobTail(descriptor: descriptor, path: path, dataByteCount: Self.fetchByteCountMin)
            self.footer = tail.footer
            self.byteCount = tail.footer.byteCount
            self.ahead = Mutex(
                try tail.data.map { bytes throws(StorageError) in
                    try Self.verify(bytes, at: 0, tail.footer, path)
                    return Ahead(offset: 0, bytes: bytes)
                }
            )
        } catch {
            close(descriptor)
            if error.code == .damaged { logger.error("a blob is damaged", metadata: ["error": "\(error)"]) }
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        self.pool = pool
        self.logger = logger
    }

    deinit {
        // The last close of a deleted file frees its blocks, which takes time.
        let descriptor = self.descriptor
        self.pool.runDetached { close(descriptor) }
    }

    func read(at offset: Int64, maximum: Int) async throws(StorageError) -> ByteBuffer {
        guard offset >= 0, offset < self.byteCount, maximum > 0 else { return ByteBuffer() }
        if let ready = self.take(at: offset, maximum: maximum) { return ready }
        return try await self.pool.run { () throws(StorageError) in
            do throws(StorageError) {
                return try self.fetch(at: offset, maximum: maximum)
            } catch {
                if error.code == .damaged { self.logger.error("a blob is damaged", metadata: ["error": "\(error)"]) }
                throw error
            }
        }
    }

    private func take(at offset: Int64, maximum: Int) -> ByteBuffer? {
        self.ahead.withLock { $0 }?.slice(at: offset, maximum: maximum)
    }

    /// Reads the blocks around the wanted bytes. Blocks.
    private func fetch(at offset: Int64, maximum: Int) throws(StorageError) -> ByteBuffer {
        let blockByteCount = Int64(BlobFooter.blockByteCount)
        let start = offset / blockByteCount * blockByteCount
        let wanted = offset - start + Int64(min(maximum, Int(Self.fetchByteCountMax)))
        let fetchByteCount = min(max(wanted, Self.fetchByteCountMin), Self.fetchByteCountMax)
        let end = min(self.byteCount, start + BlobFooter.blockCount(of: fetchByteCount) * blockByteCount)
        let bytes = try BlobTail.read(self.descriptor, self.path, from: start, byteCount: Int(end - start))
        try Self.verify(bytes, at: start, self.footer, self.path)
        let fetched = Ahead(offset: start, bytes: bytes)
        self.ahead.withLock { $0 = fetched }
        return fetched.slice(at: offset, maximum: maximum) ?? ByteBuffer()
    }

    /// - Parameter start: Where the bytes begin in the blob; the begin of a block.
    private static func verify(
        _ bytes: ByteBuffer,
        at start: Int64,
        _ footer: BlobFooter,
        _ path: String
    ) throws(StorageError) {
        let firstBlock = Int(start / Int64(BlobFooter.blockByteCount))
        let damagedBlock = bytes.withUnsafeReadableBytes { bytes -> Int? in
            var offset = 0
            while offset < bytes.count {
                let block = firstBlock + offset / BlobFooter.blockByteCount
                let end = min(offset + BlobFooter.blockByteCount, bytes.count)
                let checksum = tern_crc32c(0, bytes.baseAddress.map { $0 + offset }, end - offset)
                if checksum != footer.checksums[block] { return block }
                offset = end
            }
            return nil
        }
        guard let damagedBlock else { return }
        throw StorageError(.damaged, "block \(damagedBlock) of \(path) does not match its checksum")
    }
}
