import Logging
import TernStorage

/// What a blob store shares with its writers and readers.
final class FileBlobContext: Sendable {
    let paths: BlobPaths
    let options: FileBlobOptions
    let pool: IOPool
    let directories = BlobDirectories()
    let recent: RecentBlobs
    let logger: Logger

    init(paths: BlobPaths, options: FileBlobOptions, pool: IOPool, logger: Logger) {
        self.paths = paths
        self.options = options
        self.pool = pool
        self.recent = RecentBlobs(gracePeriod: options.gracePeriod)
        self.logger = logger
    }

    /// A new name.
    ///
    /// - Parameter firstByte: Chooses the directory, so that blobs made together can share its sync.
    func makeID(firstByte: UInt8? = nil) -> BlobID {
        var bytes = (0..<BlobID.byteCount).map { _ in UInt8.random(in: .min ... .max) }
        if let firstByte { bytes[0] = firstByte }
        guard let id = BlobID(bytes) else { preconditionFailure("16 bytes are a blob's name") }
        return id
    }

    /// Refuses bytes that would eat into the reserve. Blocks.
    func checkRoom(for byteCount: Int) throws(StorageError) {
        let free = try FileSystem.freeByteCount(at: self.paths.temporary)
        guard free - Int64(byteCount) >= self.options.reserveByteCount else {
            throw StorageError(
                .noSpace,
                "\(self.paths.root) has \(free) bytes left, and \(self.options.reserveByteCount) are kept for metadata"
            )
        }
    }
}
