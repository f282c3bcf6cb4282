import Synchronization
package import TernStorage

/// Lets something else happen right before a commit, or before a scan of a view, once; and dies when told.
package final class InterruptedStore: StoreInFront {
    private typealias Interruption = @Sendable () async -> Void

    private struct State {
        var beforeCommit: Interruption?
        var beforeScan: Interruption?
        var scansUntilThen = 0
        var isDead = false
    }

    package let store: any MetadataStore
    private let state = Mutex(State())

    package init(_ store: any MetadataStore) { self.store = store }

    package func interruptNextCommit(by body: @escaping @Sendable () async -> Void) {
        self.state.withLock { $0.beforeCommit = body }
    }

    /// - Parameter number: Which scan of views, counted from 1 and from now on.
    package func interruptScanOfView(_ number: Int, by body: @escaping @Sendable () async -> Void) {
        self.state.withLock { state in
            state.scansUntilThen = number
            state.beforeScan = body
        }
    }

    /// Whether what was to happen has happened.
    package var wasInterrupted: Bool { self.state.withLock { $0.beforeCommit == nil && $0.beforeScan == nil } }

    /// As if the process were killed: from now on nothing is read or written through this store.
    package func die() { self.state.withLock { $0.isDead = true } }

    package func view(of partition: PartitionID) async throws(StorageError) -> any MetadataView {
        try self.willPassOn()
        return View(view: try await self.store.view(of: partition), store: self)
    }

    private struct View: MetadataView {
        let view: any MetadataView
        let store: InterruptedStore

        func scan(_ ranges: [KeyRange], limit: Int) async throws(StorageError) -> [[KeyValue]] {
            await self.store.willScanView()
            try self.store.willPassOn()
            return try await self.view.scan(ranges, limit: limit)
        }

        func close() { self.view.close() }
    }

    private func willScanView() async {
        let body = self.state.withLock { state -> Interruption? in
            guard state.beforeScan != nil else { return nil }
            state.scansUntilThen -= 1
            guard state.scansUntilThen == 0 else { return nil }
            defer { state.beforeScan = nil }
            return state.beforeScan
        }
        await body?()
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        let body = self.state.withLock { state in
            defer { state.beforeCommit = nil }
            return state.beforeCommit
        }
        await body?()
        try self.willPassOn()
        try await self.store.commit(batch)
    }

    package func willPassOn() throws(StorageError) {
        if self.state.withLock({ $0.isDead }) { throw StorageError(.closed, "the process was killed") }
    }
}
