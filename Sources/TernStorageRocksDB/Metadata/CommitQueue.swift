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
    /// What the loop has to do next.
    enum Work {
        case commit([WaitingCommit])
        /// Nothing waits any more and nothing will come: close the database.
        case close
    }

    private struct State {
        var waiting: [WaitingCommit] = []
        var isLoopIdle = false
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
                return (true, state.isLoopIdle)
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
            return state.isLoopIdle
        }
        if mustWake { self.wake.signal() }
    }

    /// All that waits; blocks the loop until there is something to do.
    func next() -> Work {
        while true {
            let work = self.state.withLock { state -> Work? in
                if !state.waiting.isEmpty {
                    defer { state.waiting = [] }
                    return .commit(state.waiting)
                }
                if state.isClosing { return .close }
                state.isLoopIdle = true
                return nil
            }
            if let work { return work }
            self.wake.wait()
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
