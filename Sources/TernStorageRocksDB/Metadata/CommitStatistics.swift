import Synchronization

/// What the commit loop did since the store was opened.
package final class CommitStatistics: Sendable {
    private let committedCount = Atomic<Int>(0)
    private let refusedCount = Atomic<Int>(0)
    private let failedCount = Atomic<Int>(0)
    private let syncCount = Atomic<Int>(0)

    /// Batches that were written.
    package var committed: Int { self.committedCount.load(ordering: .relaxed) }
    /// Batches with a precondition that did not hold.
    package var refused: Int { self.refusedCount.load(ordering: .relaxed) }
    /// Batches that could not be written.
    package var failed: Int { self.failedCount.load(ordering: .relaxed) }
    /// Writes to the disk, of many batches each.
    package var syncs: Int { self.syncCount.load(ordering: .relaxed) }

    func synced(committed: Int, refused: Int) {
        self.committedCount.wrappingAdd(committed, ordering: .relaxed)
        self.refusedCount.wrappingAdd(refused, ordering: .relaxed)
        if committed > 0 { self.syncCount.wrappingAdd(1, ordering: .relaxed) }
    }

    func failed(_ count: Int) { self.failedCount.wrappingAdd(count, ordering: .relaxed) }
}
