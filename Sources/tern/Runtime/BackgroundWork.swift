import Logging
import Synchronization

/// What a region does besides answering requests; stopped and awaited together.
final class BackgroundWork: Sendable {
    private let tasks = Mutex<[Task<Void, Never>]>([])
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Starts a part that works until it is cancelled. ``stop()`` owns its end.
    func start(_ work: @escaping @Sendable () async -> Void) {
        let task = Task.detached { await work() }
        self.tasks.withLock { $0.append(task) }
    }

    /// Cancels every part and waits for their ends.
    func stop() async {
        let running = self.tasks.withLock { tasks in
            let running = tasks
            tasks = []
            return running
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
