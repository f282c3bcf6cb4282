import Synchronization
package import TernStorage

/// Lets something else happen right before a commit, once.
package final class InterruptedStore: MetadataStore {
    private let store: any MetadataStore
    private let interruption = Mutex<(@Sendable () async -> Void)?>(nil)

    package init(_ store: any MetadataStore) { self.store = store }

    package func interruptNextCommit(by body: @escaping @Sendable () async -> Void) {
        self.interruption.withLock { $0 = body }
    }

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
        let body = self.interruption.withLock { interruption in
            defer { interruption = nil }
            return interruption
        }
        await body?()
        try await self.store.commit(batch)
    }

    package func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        try await self.store.partitions(of: kind)
    }

    package func close() async { await self.store.close() }
}
