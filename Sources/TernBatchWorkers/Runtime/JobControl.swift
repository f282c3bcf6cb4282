import Synchronization
package import TernBatch
import TernPorts

/// Between a job that runs and those who want it to stop; and its counts, as its tasks end.
package final class JobControl: Sendable {
    private struct State {
        var isStopping = false
        var progress = JobProgress()
        var exceedsThreshold = false
        var counted: Int64 = 0
    }

    private let state = Mutex(State())
    /// Rung when the job is to stop, for who waits out trouble.
    let bell = Wakeup()

    package init() {}

    /// Whether no further task is to be started.
    package var isStopping: Bool { self.state.withLock { $0.isStopping || $0.exceedsThreshold } }

    /// Whether too many tasks have failed (spec rule BR-TH-1).
    package var exceedsThreshold: Bool { self.state.withLock { $0.exceedsThreshold } }

    /// Tasks that have ended under this control.
    package var counted: Int64 { self.state.withLock { $0.counted } }

    /// After the status of the job has changed to one that asks for it.
    package func stop() {
        self.state.withLock { $0.isStopping = true }
        self.bell.ring()
    }

    /// Reads what the job is to do next. What stopped it before is over, for it shows in what is read; whoever stops it
    /// from now on has changed the status after that, or meanwhile, and must be heard.
    package func takeUp<Value, Failure: Error>(
        _ read: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        self.state.withLock { $0.isStopping = false }
        return try await read()
    }

    /// Before the tasks of a job are run. Where too many have failed already, none is: a crash, or a pause, may have come
    /// before the job could fail for it.
    package func begin(_ progress: JobProgress) {
        self.state.withLock { state in
            state.progress = progress
            state.exceedsThreshold = progress.exceedsFailureThreshold
        }
    }

    /// A task has ended.
    package func count(_ result: BatchTaskResult) {
        self.state.withLock { state in
            state.counted += 1
            if result.isSuccess { state.progress.succeeded += 1 } else { state.progress.failed += 1 }
            if state.progress.exceedsFailureThreshold { state.exceedsThreshold = true }
        }
    }
}
