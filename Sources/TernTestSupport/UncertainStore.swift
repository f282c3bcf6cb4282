import Synchronization
package import TernStorage

/// Commits of which nobody learns whether they were made: they fail after the commit, or instead of it.
package final class UncertainStore: StoreInFront {
    private struct Failure: Sendable {
        var isMade: Bool
        var meanwhile: @Sendable () async -> Void = {}
    }

    private struct State {
        /// Of the next commit alone.
        var next: Failure?
        /// Of every other commit, until the store is well again; gets the number of the commit, from 0.
        var isMade: (@Sendable (Int) -> Bool)?
        var failedCount = 0
    }

    package let store: any MetadataStore
    private let state = Mutex(State())

    package init(_ store: any MetadataStore) { self.store = store }

    /// - Parameter meanwhile: What happens between the commit and its error.
    package func failNextCommit(made: Bool, meanwhile: @escaping @Sendable () async -> Void = {}) {
        self.state.withLock { $0.next = Failure(isMade: made, meanwhile: meanwhile) }
    }

    /// From now on every commit fails that writes anything, and so do questions, which are not made.
    ///
    /// - Parameter isMade: Whether a commit is made all the same, by its number.
    package func failEveryCommit(made isMade: @escaping @Sendable (Int) -> Bool) {
        self.state.withLock { state in
            state.isMade = isMade
            state.failedCount = 0
        }
    }

    /// No more commits fail.
    package func recover() {
        self.state.withLock { state in
            state.next = nil
            state.isMade = nil
        }
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        let failure = self.state.withLock { state -> Failure? in
            if let next = state.next {
                state.next = nil
                return next
            }
            guard let isMade = state.isMade else { return nil }
            if batch.writes.isEmpty { return Failure(isMade: false) }
            defer { state.failedCount += 1 }
            return Failure(isMade: isMade(state.failedCount))
        }
        guard let failure else { return try await self.store.commit(batch) }
        if failure.isMade { try await self.store.commit(batch) }
        await failure.meanwhile()
        throw StorageError(.io, "nobody knows")
    }
}
