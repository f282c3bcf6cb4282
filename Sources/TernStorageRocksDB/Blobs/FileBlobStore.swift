import Glibc
package import Logging
package import TernStorage

/// The embedded ``BlobStore``: each blob is a file, checksummed block by block.
///
/// A blob is written to a temporary file, synced, linked to its name, and the directory synced: after a power cut the name
/// either is absent or leads to all the bytes. Clones are hard links.
package final class FileBlobStore: BlobStore {
    private let context: FileBlobContext
    private let lockDescriptor: Int32

    /// Opens the store in a directory, which is made if it does not exist; removes what unfinished writers left.
    ///
    /// - Throws: ``StorageError/Code/locked`` when another process has it open, ``StorageError/Code/permissionDenied``,
    ///   ``StorageError/Code/noSpace`` or ``StorageError/Code/io``.
    package static func open(
        directory: String,
        logger: Logger,
        options: FileBlobOptions = FileBlobOptions()
    ) async throws(StorageError) -> FileBlobStore {
        let context = FileBlobContext(
            paths: BlobPaths(root: directory),
            options: options,
            pool: IOPool(threadCount: options.ioThreadCount),
            logger: logger
        )
        let lockDescriptor = try await context.pool.run { () throws(StorageError) in
            try FileSystem.makeDirectories(context.paths.temporary)
            try FileSystem.makeDirectories(context.paths.blobs)
            let descriptor = try Self.lock(context.paths)
            try Self.removeTemporaryFiles(context.paths)
            return descriptor
        }
        return FileBlobStore(context, lockDescriptor: lockDescriptor)
    }

    private init(_ context: FileBlobContext, lockDescriptor: Int32) {
        self.context = context
        self.lockDescriptor = lockDescriptor
    }

    deinit {
        Glibc.close(self.lockDescriptor)
    }

    package func makeWriter(in partition: PartitionID) async throws(StorageError) -> any BlobWriter {
        FileBlobWriter(self.context, partition: partition)
    }

    package func open(_ id: BlobID, in partition: PartitionID) async throws(StorageError) -> any BlobReader {
        let context = self.context
        return try await context.pool.run { () throws(StorageError) in
            let path = context.paths.file(of: id, in: partition)
            return try FileBlobReader(path: path, pool: context.pool, logger: context.logger)
        }
    }

    package func clone(
        _ ids: [BlobID],
        from source: PartitionID,
        to destination: PartitionID
    ) async throws(StorageError) -> [BlobID] {
        guard !ids.isEmpty else { return [] }
        let context = self.context
        return try await context.pool.run { () throws(StorageError) in
            try BlobCloning(context: context, source: source, destination: destination).clone(ids)
        }
    }

    package func delete(_ ids: [BlobID], in partition: PartitionID) async throws(StorageError) {
        guard !ids.isEmpty else { return }
        let context = self.context
        try await context.pool.run { () throws(StorageError) in
            // Not synced: a blob that comes back after a power cut has no name any more, and the collector removes it.
            for id in ids {
                let path = context.paths.file(of: id, in: partition)
                guard unlink(path) == 0 || errno == ENOENT else {
                    throw StorageError(errno: errno, "could not delete the blob", path)
                }
            }
        }
    }

    package func unsettled(
        in partition: PartitionID,
        after cursor: BlobID?,
        limit: Int
    ) async throws(StorageError) -> [BlobID] {
        let context = self.context
        return try await context.pool.run { () throws(StorageError) in
            var found: [BlobID] = []
            for firstByte in (cursor?.bytes[0] ?? 0)...UInt8.max where found.count < limit {
                let all = try Self.blobs(in: context.paths.directory(of: partition, firstByte: firstByte))
                let later = all.filter { id in cursor.map { $0 < id } ?? true }
                found += context.recent.settled(later).sorted().prefix(limit - found.count)
            }
            return found
        }
    }

    package func partitions() async throws(StorageError) -> [PartitionID] {
        let context = self.context
        return try await context.pool.run { () throws(StorageError) in
            var partitions: [PartitionID] = []
            for name in try FileSystem.names(in: context.paths.blobs) ?? [] {
                guard let bytes = Hexadecimal.decode(name), bytes.count == PartitionID.prefixByteCount else { continue }
                guard let partition = PartitionID(prefix: bytes) else { continue }
                if try Self.hasBlobs(context.paths.directory(of: partition)) { partitions.append(partition) }
            }
            return partitions.sorted()
        }
    }

    package func freeBytes() async throws(StorageError) -> Int64 {
        let context = self.context
        return try await context.pool.run { () throws(StorageError) in
            try FileSystem.freeByteCount(at: context.paths.root)
        }
    }

    // MARK: Directories

    private static func hasBlobs(_ directory: String) throws(StorageError) -> Bool {
        for name in try FileSystem.names(in: directory) ?? [] {
            if try !self.blobs(in: "\(directory)/\(name)").isEmpty { return true }
        }
        return false
    }

    /// The blobs in one directory of the lowest level; files with other names are not the store's.
    private static func blobs(in directory: String) throws(StorageError) -> [BlobID] {
        (try FileSystem.names(in: directory) ?? []).compactMap { name in Hexadecimal.decode(name).flatMap(BlobID.init) }
    }

    private static func removeTemporaryFiles(_ paths: BlobPaths) throws(StorageError) {
        for name in try FileSystem.names(in: paths.temporary) ?? [] {
            let path = "\(paths.temporary)/\(name)"
            guard unlink(path) == 0 || errno == ENOENT else {
                throw StorageError(errno: errno, "could not remove the temporary file", path)
            }
        }
    }

    /// The lock ends with the process, however it ends.
    private static func lock(_ paths: BlobPaths) throws(StorageError) -> Int32 {
        let descriptor = Glibc.open(paths.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "could not open the lock file", paths.lock) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            guard code == EWOULDBLOCK else { throw StorageError(errno: code, "could not lock", paths.lock) }
            throw StorageError(.locked, "another process has the blobs in \(paths.root) open")
        }
        return descriptor
    }
}
