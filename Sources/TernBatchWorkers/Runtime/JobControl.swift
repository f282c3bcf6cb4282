import Synchronization
import TernBatch

/// Between a job that runs and those who want it to stop; and its counts, as its tasks end.
final class JobControl: Sendable {
    private struct State {
        var isStopping = false
        var progress = JobProgress()
        var exceedsThreshold = false
        var groups: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Whether no further task is to be started.
    var isStopping: Bool { self.state.withLock { $0.isStopping || $0.exceedsThreshold } }

    /// Whether too many tasks have failed (spec rule BR-TH-1).
    var exceedsThreshold: Bool { self.state.withLock { $0.exceedsThreshold } }

    func stop() { self.state.withLock { $0.isStopping = true } }

    /// Before the tasks of a job are run.
    func begin(_ progress: JobProgress) {
        self.state.withLock { state in
            state.progress = progress
            state.exceedsThreshold = false
        }
    }

    /// Allows to go on, after what stopped it is over.
    func resume() { self.state.withLock { $0.isStopping = false } }

    /// A task has ended.
    func count(_ result: BatchTaskResult) {
        self.state.withLock { state in
            if result.isSuccess { state.progress.succeeded += 1 } else { state.progress.failed += 1 }
            if state.progress.exceedsFailureThreshold { state.exceedsThreshold = true }
        }
    }
}
