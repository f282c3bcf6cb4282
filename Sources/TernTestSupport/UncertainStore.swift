import Synchronization
package import TernStorage

/// A commit of which nobody learns whether it was made: fails once, after the commit or instead of it.
package final class UncertainStore: MetadataStore {
    private let store: any MetadataStore
    private let failure = Mutex<Bool?>(nil)

    package init(_ store: any MetadataStore) { self.store = store }

    package func failNextCommit(made: Bool) { self.failure.withLock { $0 = made } }

    package func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        try await self.store.get(key, in: partition)
    }

    package func get(_ keys: [[UInt8]], in partition: PartitionID) async throws(StorageError) -> [[UInt8]?] {
        try await self.store.get(keys, in: partition)
    }

    package func scan(_ range: KeyRange, in partition: PartitionID, limit: Int) async throws(StorageError) -> [KeyValue]
    {
        try await self.store.scan(range, in: partition, limit: limit)
    }

    package func scan(_ ranges: [KeyRange], in partition: PartitionID, limit: Int) async throws(StorageError)
        -> [[KeyValue]]
    {
        try await self.store.scan(ranges, in: partition, limit: limit)
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        let failure = self.failure.withLock { failure in
            defer { failure = nil }
            return failure
        }
        if failure != false { try await self.store.commit(batch) }
        if failure != nil { throw StorageError(.io, "nobody knows") }
    }

    package func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        try await self.store.partitions(of: kind)
    }

    package func close() async { await self.store.close() }
}
