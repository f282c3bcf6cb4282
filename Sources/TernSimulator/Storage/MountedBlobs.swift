import NIOCore
import TernStorage

/// The blobs on a simulated disk, as one process sees them.
///
/// A blob that is not finished when the process goes is gone with it; a finished one stays, named or not.
final class MountedBlobs: BlobStore {
    private let disk: SimulatedDisk
    private let life: Int

    init(_ disk: SimulatedDisk) {
        self.disk = disk
        self.life = disk.life
    }

    func makeWriter(in partition: PartitionID) async throws(StorageError) -> any BlobWriter {
        try await self.disk.read(life: self.life)
        return MountedWriter(
            try await self.disk.blobs.makeWriter(in: partition), disk: self.disk, life: self.life)
    }

    func open(_ id: BlobID, in partition: PartitionID) async throws(StorageError) -> any BlobReader {
        try await self.disk.read(life: self.life)
        return try await self.disk.blobs.open(id, in: partition)
    }

    func clone(
        _ ids: [BlobID], from source: PartitionID, to destination: PartitionID
    ) async throws(StorageError) -> [BlobID] {
        try await self.disk.read(life: self.life)
        return try await self.disk.blobs.clone(ids, from: source, to: destination)
    }

    func delete(_ ids: [BlobID], in partition: PartitionID) async throws(StorageError) {
        try await self.disk.read(life: self.life)
        try await self.disk.blobs.delete(ids, in: partition)
    }

    func unsettled(
        in partition: PartitionID, after cursor: BlobID?, limit: Int
    ) async throws(StorageError) -> [BlobID] {
        try await self.disk.read(life: self.life)
        return try await self.disk.blobs.unsettled(in: partition, after: cursor, limit: limit)
    }

    func partitions() async throws(StorageError) -> [PartitionID] {
        try await self.disk.read(life: self.life)
        return try await self.disk.blobs.partitions()
    }

    func freeBytes() async throws(StorageError) -> Int64 {
        try await self.disk.blobs.freeBytes()
    }
}

private final class MountedWriter: BlobWriter {
    private let writer: any BlobWriter
    private let disk: SimulatedDisk
    private let life: Int

    init(_ writer: any BlobWriter, disk: SimulatedDisk, life: Int) {
        self.writer = writer
        self.disk = disk
        self.life = life
    }

    func write(_ bytes: ByteBuffer) async throws(StorageError) {
        try await self.disk.read(life: self.life)
        try await self.writer.write(bytes)
    }

    func finish() async throws(StorageError) -> BlobID {
        try await self.disk.read(life: self.life)
        return try await self.writer.finish()
    }

    func discard() async {
        await self.writer.discard()
    }
}
