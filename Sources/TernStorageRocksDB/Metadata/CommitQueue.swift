import Dispatch
import Synchronization
import TernStorage

/// A batch whose caller waits for the answer.
struct WaitingCommit: Sendable {
    let batch: MetadataBatch
    let continuation: CheckedContinuation<Result<Void, StorageError>, Never>

    func answer(_ result: Result<Void, StorageError>) {
        self.continuation.resume(returning: result)
    }
}

/// What the callers hand to the commit loop. Each caller waits for its answer, so their number bounds the queue.
final class CommitQueue: Sendable {
    private struct State {
        var waiting: [WaitingCommit] = []
        var isLoopIdle = false
        /// So many end the moment for which the loop lets commits gather; `nil` where it does not.
        var enough: Int?
        var isClosing = false
        var isClosed = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// Waits for the answer of the loop.
    func submit(_ batch: MetadataBatch) async throws(StorageError) {
        let result: Result<Void, StorageError> = await withCheckedContinuation { continuation in
            let commit = WaitingCommit(batch: batch, continuation: continuation)
            let (isAccepted, mustWake) = self.state.withLock { state in
                guard !state.isClosing else { return (false, false) }
                state.waiting.append(commit)
                defer { state.isLoopIdle = false }
                return (true, state.isLoopIdle || state.waiting.count == state.enough)
            }
            if mustWake { self.wake.signal() }
            if !isAccepted { commit.answer(.failure(DatabaseGate.closedError)) }
        }
        try result.get()
    }

    /// Waits until the loop has answered all commits and closed the database.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isClosed = self.state.withLock { state in
                if !state.isClosed { state.closers.append(continuation) }
                return state.isClosed
            }
            if isClosed { continuation.resume() } else { self.requestClose() }
        }
    }

    /// Tells the loop to end when nothing waits any more.
    func requestClose() {
        let mustWake = self.state.withLock { state in
            state.isClosing = true
            defer { state.isLoopIdle = false }
            return state.isLoopIdle || state.enough != nil
        }
        if mustWake { self.wake.signal() }
    }

    /// Blocks the loop until something waits.
    ///
    /// - Returns: How many commits wait; 0 when nothing will come any more, and the database is to be closed.
    func wait() -> Int {
        while true {
            let count = self.state.withLock { state -> Int? in
                if !state.waiting.isEmpty { return state.waiting.count }
                if state.isClosing { return 0 }
                state.isLoopIdle = true
                return nil
            }
            if let count { return count }
            self.wake.wait()
        }
    }

    /// Blocks the loop until so many commits wait, or for a moment.
    func gather(_ count: Int, for moment: Duration) {
        let isAwaited = self.state.withLock { state in
            if state.isClosing || state.waiting.count >= count { return false }
            state.enough = count
            return true
        }
        guard isAwaited else { return }
        // A signal that comes after the moment is found by the next wait, which looks again then, or shortens a moment.
        _ = self.wake.wait(timeout: .now() + moment / .seconds(1))
        self.state.withLock { $0.enough = nil }
    }

    /// Whether the loop lets commits gather at this moment.
    var isGathering: Bool { self.state.withLock { $0.enough != nil } }

    /// All that waits.
    func take() -> [WaitingCommit] {
        self.state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// The loop has ended.
    func didClose() {
        let closers = self.state.withLock { state in
            state.isClosed = true
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }
}
