import Glibc
import TernStorage

/// Makes clones: all of them or none. All methods block.
struct BlobCloning {
    let context: FileBlobContext
    let source: PartitionID
    let destination: PartitionID

    func clone(_ ids: [BlobID]) throws(StorageError) -> [BlobID] {
        // One directory for all, so that one sync makes all names durable.
        let firstByte = UInt8.random(in: .min ... .max)
        let directory = self.context.paths.directory(of: self.destination, firstByte: firstByte)
        try self.context.directories.make(directory)
        let clones = ids.map { _ in self.context.makeID(firstByte: firstByte) }
        self.context.recent.insert(clones)
        do throws(StorageError) {
            for (id, clone) in zip(ids, clones) { try self.link(id, to: clone) }
            try FileSystem.syncDirectory(directory)
        } catch {
            for clone in clones { unlink(self.context.paths.file(of: clone, in: self.destination)) }
            throw error
        }
        return clones
    }

    private func link(_ id: BlobID, to clone: BlobID) throws(StorageError) {
        let sourcePath = self.context.paths.file(of: id, in: self.source)
        let path = self.context.paths.file(of: clone, in: self.destination)
        if Glibc.link(sourcePath, path) == 0 { return }
        guard errno == EMLINK else { throw StorageError(errno: errno, "could not clone the blob", sourcePath) }
        try self.copy(sourcePath, to: path, temporary: self.context.paths.temporaryFile(of: clone))
    }

    /// For when the file system allows no more links to a file (ext4: 65,000): one copy starts the next as many.
    private func copy(_ sourcePath: String, to path: String, temporary: String) throws(StorageError) {
        let input = Glibc.open(sourcePath, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw StorageError(errno: errno, "could not open the blob", sourcePath) }
        defer { close(input) }
        let output = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw StorageError(errno: errno, "could not make the file", temporary) }
        defer {
            close(output)
            unlink(temporary)
        }
        while true {
            try self.context.checkRoom(for: Self.copyByteCount)
            let count = sendfile(output, input, nil, Self.copyByteCount)
            guard count >= 0 else { throw StorageError(errno: errno, "could not copy the blob", sourcePath) }
            if count == 0 { break }
        }
        guard fdatasync(output) == 0, Glibc.link(temporary, path) == 0 else {
            throw StorageError(errno: errno, "could not make the blob file", path)
        }
    }

    private static let copyByteCount = 8 << 20
}
