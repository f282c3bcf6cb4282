import Synchronization
import TernS3Protocol
import TernStorage

/// Commits that failed, and may have taken effect all the same, with what follows from them if they did: that must not be
/// left out, nor be done twice.
///
/// Each is known by one of the rows that it required and changes, so that all of the commit was made or none. Whoever
/// changes rows of a lane resolves its doubts before: then such a row has changed by nothing but the commit.
final class DoubtfulCommits<Lane: Hashable & Sendable, Effect: Sendable>: Sendable {
    private struct Commit {
        var number: UInt64
        var effect: Effect
        var witness: KeyValue
    }

    private struct State {
        var commits: [Lane: [Commit]] = [:]
        var lastNumber: UInt64 = 0
    }

    private let metadata: any MetadataStore
    private let state = Mutex(State())

    init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    func isEmpty(_ lane: Lane) -> Bool { self.state.withLock { $0.commits[lane] == nil } }

    var lanes: [Lane] { self.state.withLock { Array($0.commits.keys) } }

    /// - Parameter witness: A row that the commit changes, with the value that it requires.
    func note(_ effect: Effect, witness: KeyValue, of lane: Lane) {
        self.state.withLock { state in
            state.lastNumber += 1
            state.commits[lane, default: []].append(
                Commit(number: state.lastNumber, effect: effect, witness: witness))
        }
    }

    func forget(_ lane: Lane) {
        self.state.withLock { _ = $0.commits.removeValue(forKey: lane) }
    }

    /// Finds out about those of a lane. Throws while the store does not answer.
    ///
    /// - Parameter conclude: Gets the effects of those that were made, each once.
    func resolve(
        _ lane: Lane, in partition: PartitionID, conclude: (Effect) async -> Void
    ) async throws(S3Error) {
        while let commit = self.state.withLock({ $0.commits[lane]?.first }) {
            let isUnmade = try await self.metadata.confirms(
                commit.witness.key, is: commit.witness.value, in: partition)
            // Of several who ask, one does what follows.
            if self.remove(commit, of: lane), !isUnmade { await conclude(commit.effect) }
        }
    }

    private func remove(_ commit: Commit, of lane: Lane) -> Bool {
        self.state.withLock { state in
            guard let index = state.commits[lane]?.firstIndex(where: { $0.number == commit.number }) else {
                return false
            }
            state.commits[lane]?.remove(at: index)
            if state.commits[lane]?.isEmpty == true { state.commits[lane] = nil }
            return true
        }
    }
}
