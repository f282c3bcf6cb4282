import TernStorage

/// The metadata on a simulated disk, as one process sees it: when the process is gone, its calls come to nothing.
final class MountedStore: MetadataStore {
    private let disk: SimulatedDisk
    private let life: Int

    init(_ disk: SimulatedDisk) {
        self.disk = disk
        self.life = disk.life
    }

    func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        try await self.disk.read(life: self.life)
        return try await self.disk.store.get(key, in: partition)
    }

    func get(_ keys: [[UInt8]], in partition: PartitionID) async throws(StorageError) -> [[UInt8]?] {
        try await self.disk.read(life: self.life)
        return try await self.disk.store.get(keys, in: partition)
    }

    func scan(_ range: KeyRange, in partition: PartitionID, limit: Int) async throws(StorageError) -> [KeyValue] {
        try await self.disk.read(life: self.life)
        return try await self.disk.store.scan(range, in: partition, limit: limit)
    }

    func scan(_ ranges: [KeyRange], in partition: PartitionID, limit: Int) async throws(StorageError) -> [[KeyValue]] {
        try await self.disk.read(life: self.life)
        return try await self.disk.store.scan(ranges, in: partition, limit: limit)
    }

    func view(of partition: PartitionID) async throws(StorageError) -> any MetadataView {
        try await self.disk.read(life: self.life)
        return MountedView(try await self.disk.store.view(of: partition), disk: self.disk, life: self.life)
    }

    func commit(_ batch: MetadataBatch) async throws(StorageError) {
        try await self.disk.commit(batch, by: Doer.current, life: self.life)
    }

    func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        try await self.disk.read(life: self.life)
        return try await self.disk.store.partitions(of: kind)
    }

    func close() async {}
}

/// A view that goes with the process that has opened it.
private struct MountedView: MetadataView {
    let view: any MetadataView
    let disk: SimulatedDisk
    let life: Int

    init(_ view: any MetadataView, disk: SimulatedDisk, life: Int) {
        self.view = view
        self.disk = disk
        self.life = life
    }

    func scan(_ ranges: [KeyRange], limit: Int) async throws(StorageError) -> [[KeyValue]] {
        try await self.disk.read(life: self.life)
        return try await self.view.scan(ranges, limit: limit)
    }

    func close() { self.view.close() }
}
