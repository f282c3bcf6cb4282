import Synchronization

/// A ``MetadataStore`` that lives as long as the process: for tests and for the simulator.
///
/// Nothing here waits, so that a run is determined by its caller alone.
package final class MemoryMetadataStore: MetadataStore {
    private struct State: ~Copyable {
        var partitions: [PartitionID: SortedEntries] = [:]
        var isClosed = false
        var openViewCount = 0
    }

    private let state = Mutex(State())

    private let hasViews: Bool

    /// - Parameter hasViews: Whether it is like an engine that can read as of one moment for as long as it takes.
    package init(hasViews: Bool = true) {
        self.hasViews = hasViews
    }

    package func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        try self.state.withLock { state throws(StorageError) in
            try Self.checkOpen(state)
            return state.partitions[partition]?[key]
        }
    }

    package func scan(
        _ range: KeyRange,
        in partition: PartitionID,
        limit: Int
    ) async throws(StorageError) -> [KeyValue] {
        try self.state.withLock { state throws(StorageError) in
            try Self.checkOpen(state)
            return state.partitions[partition]?.scan(range, limit: limit) ?? []
        }
    }

    package func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int
    ) async throws(StorageError) -> [[KeyValue]] {
        try self.state.withLock { state throws(StorageError) in
            try Self.checkOpen(state)
            var found: [[KeyValue]] = []
            for range in ranges { found.append(state.partitions[partition]?.scan(range, limit: limit) ?? []) }
            return found
        }
    }

    /// A copy that shares all chunks with the partition, until a commit changes them.
    package func view(of partition: PartitionID) async throws(StorageError) -> any MetadataView {
        let entries = try self.state.withLock { state throws(StorageError) in
            try Self.checkOpen(state)
            guard self.hasViews else { throw StorageError(.unsupported, "this store has no views") }
            state.openViewCount += 1
            return state.partitions[partition] ?? SortedEntries()
        }
        return View(entries, of: self)
    }

    /// Views that were opened and not closed.
    package var openViewCount: Int { self.state.withLock { $0.openViewCount } }

    private final class View: MetadataView {
        private let store: MemoryMetadataStore
        private let entries: Mutex<SortedEntries?>

        init(_ entries: SortedEntries, of store: MemoryMetadataStore) {
            self.store = store
            self.entries = Mutex(entries)
        }

        deinit { self.close() }

        func scan(_ ranges: [KeyRange], limit: Int) async throws(StorageError) -> [[KeyValue]] {
            try self.store.state.withLock { state throws(StorageError) in try MemoryMetadataStore.checkOpen(state) }
            guard let entries = self.entries.withLock({ $0 }) else {
                throw StorageError(.viewGone, "the view was closed")
            }
            return ranges.map { entries.scan($0, limit: limit) }
        }

        func close() {
            let wasOpen = self.entries.withLock { entries in
                defer { entries = nil }
                return entries != nil
            }
            if wasOpen { self.store.state.withLock { $0.openViewCount -= 1 } }
        }
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        try batch.checkSizes()
        try self.state.withLock { state throws(StorageError) in
            try Self.checkOpen(state)
            var entries = state.partitions.removeValue(forKey: batch.partition) ?? SortedEntries()
            defer { if !entries.isEmpty { state.partitions[batch.partition] = entries } }
            for precondition in batch.preconditions {
                guard entries[precondition.key] == precondition.value else {
                    throw StorageError(.conflict, "another commit changed a key of this batch first")
                }
            }
            for write in batch.writes {
                switch write {
                case .put(let key, let value): entries.put(key, value)
                case .delete(let key): entries.remove(key)
                }
            }
        }
    }

    package func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        try self.state.withLock { state throws(StorageError) in
            try Self.checkOpen(state)
            return state.partitions.keys.filter { $0.kind == kind }.sorted()
        }
    }

    package func close() async {
        self.state.withLock { $0.isClosed = true }
    }

    private static func checkOpen(_ state: borrowing State) throws(StorageError) {
        guard !state.isClosed else { throw StorageError(.closed, "the store was closed") }
    }
}
