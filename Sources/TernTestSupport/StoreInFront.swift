package import TernStorage

/// A store in front of another one: it passes on every call that it does not answer itself. Several keys are got one by
/// one, so that a store that answers for a key answers for it everywhere.
package protocol StoreInFront: MetadataStore {
    /// The one behind it.
    var store: any MetadataStore { get }

    /// Called before everything that is passed on, except ``MetadataStore/close()``; what it throws is the answer.
    func willPassOn() throws(StorageError)
}

extension StoreInFront {
    package func willPassOn() throws(StorageError) {}

    package func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        try self.willPassOn()
        return try await self.store.get(key, in: partition)
    }

    package func scan(_ range: KeyRange, in partition: PartitionID, limit: Int) async throws(StorageError) -> [KeyValue]
    {
        try self.willPassOn()
        return try await self.store.scan(range, in: partition, limit: limit)
    }

    package func scan(_ ranges: [KeyRange], in partition: PartitionID, limit: Int) async throws(StorageError)
        -> [[KeyValue]]
    {
        try self.willPassOn()
        return try await self.store.scan(ranges, in: partition, limit: limit)
    }

    package func view(of partition: PartitionID) async throws(StorageError) -> any MetadataView {
        try self.willPassOn()
        return try await self.store.view(of: partition)
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        try self.willPassOn()
        try await self.store.commit(batch)
    }

    package func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        try self.willPassOn()
        return try await self.store.partitions(of: kind)
    }

    package func close() async { await self.store.close() }
}
