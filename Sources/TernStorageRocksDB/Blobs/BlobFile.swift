import Glibc
import NIOCore
import TernStorage

/// The file behind a ``FileBlobWriter`` until its blob exists. All methods block.
struct BlobFile {
    private let context: FileBlobContext
    private let partition: PartitionID
    private let id: BlobID

    /// Opened by the first write to it.
    private var descriptor: Int32?
    private var pending: [ByteBuffer] = []
    private(set) var pendingByteCount = 0
    private var checksums = BlockChecksums()
    private var writtenByteCount: Int64 = 0
    private var syncedByteCount: Int64 = 0
    private var failure: StorageError?

    /// Synced each time this much was written: gigabytes that the kernel has gathered would hold up the syncs of all
    /// others when they go to the disk at once, and so a slow disk slows the caller down instead.
    private static let unsyncedByteCountMax: Int64 = 16 << 20

    init(_ context: FileBlobContext, partition: PartitionID) {
        self.context = context
        self.partition = partition
        self.id = context.makeID()
    }

    private var temporaryPath: String { self.context.paths.temporaryFile(of: self.id) }

    /// Keeps the bytes for the next ``flush()``; does not block.
    mutating func append(_ bytes: ByteBuffer) {
        self.pending.append(bytes)
        self.pendingByteCount += bytes.readableBytes
    }

    /// Hands what is pending to the operating system.
    ///
    /// A failure is final: bytes may be missing in the middle, so the blob must never be finished.
    mutating func flush() throws(StorageError) {
        if let failure = self.failure { throw failure }
        do throws(StorageError) {
            try self.writePending()
        } catch {
            self.failure = error
            throw error
        }
    }

    private mutating func writePending() throws(StorageError) {
        try self.context.checkRoom(for: self.pendingByteCount)
        let pending = self.pending
        self.pending = []
        self.pendingByteCount = 0
        let descriptor = try self.openIfNeeded()
        for buffer in pending {
            let written = buffer.withUnsafeReadableBytes { bytes -> Result<Void, StorageError> in
                self.checksums.add(bytes)
                return self.write(bytes, to: descriptor)
            }
            try written.get()
        }
        if self.writtenByteCount - self.syncedByteCount >= Self.unsyncedByteCountMax { try self.sync(descriptor) }
    }

    /// Writes the footer, and makes the blob appear, durably.
    mutating func finish() throws(StorageError) -> BlobID {
        try self.flush()
        let descriptor = try self.openIfNeeded()
        try self.checksums.footer().encode().withUnsafeBytes { self.write($0, to: descriptor) }.get()
        try self.sync(descriptor)
        let directory = self.context.paths.directory(of: self.id, in: self.partition)
        try self.context.directories.make(directory)
        // Noted before the name appears, so that the collector never sees the blob and not the note.
        self.context.recent.insert([self.id])
        let path = self.context.paths.file(of: self.id, in: self.partition)
        guard link(self.temporaryPath, path) == 0 else {
            // "Not found" would mean a missing blob to callers; here it is a missing directory.
            guard errno == ENOENT else { throw StorageError(errno: errno, "could not make the blob file", path) }
            throw StorageError(.io, "could not make the blob file \(path): its directory has disappeared")
        }
        do {
            try FileSystem.syncDirectory(directory)
        } catch {
            unlink(path)
            throw error
        }
        self.discard()
        return self.id
    }

    /// Removes what was written; after ``finish()``, only the temporary name.
    mutating func discard() {
        self.pending = []
        self.pendingByteCount = 0
        guard let descriptor = self.descriptor else { return }
        self.descriptor = nil
        close(descriptor)
        unlink(self.temporaryPath)
    }

    private mutating func openIfNeeded() throws(StorageError) -> Int32 {
        if let descriptor = self.descriptor { return descriptor }
        let opened = Glibc.open(self.temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw StorageError(errno: errno, "could not make the file", self.temporaryPath) }
        self.descriptor = opened
        return opened
    }

    private mutating func sync(_ descriptor: Int32) throws(StorageError) {
        guard fdatasync(descriptor) == 0 else {
            throw StorageError(errno: errno, "could not sync the blob file", self.temporaryPath)
        }
        self.syncedByteCount = self.writtenByteCount
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Result<Void, StorageError> {
        var rest = bytes
        while !rest.isEmpty {
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(self.writtenByteCount))
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(StorageError(errno: errno, "could not write the blob file", self.temporaryPath))
            }
            self.writtenByteCount += Int64(count)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return .success(())
    }
}
