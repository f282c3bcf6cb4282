import Synchronization

/// Runs every job of a simulation on the thread of its caller, one at a time, in an order that the seed decides.
///
/// The tasks of the code under test prefer this executor, and so do all their children; nothing of them runs anywhere
/// else. When nothing can run, the timeline jumps.
final class JobQueue: TaskExecutor {
    /// Which of the ready jobs is next.
    enum Order: CaseIterable, Sendable {
        /// Any.
        case shuffled
        /// The oldest, mostly: as on a real machine.
        case mostlyFirst
        /// The newest, mostly: old ones starve as long as they can.
        case mostlyLast
    }

    private struct State {
        var ready: [UnownedJob] = []
        var isOver = false
        var jobCount = 0
        var mostReady = 0
    }

    private let state = Mutex(State())
    private let timeline: Timeline
    private let dice: Dice
    private let order: Order

    init(timeline: Timeline, dice: Dice, order: Order) {
        self.timeline = timeline
        self.dice = dice
        self.order = order
    }

    /// Jobs run so far.
    var jobCount: Int { self.state.withLock { $0.jobCount } }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        self.state.withLock { state in
            state.ready.append(unowned)
            state.mostReady = max(state.mostReady, state.ready.count)
        }
    }

    /// How a run of the queue ended.
    enum End: Hashable, Sendable {
        case finished
        /// Nothing can run, nobody sleeps, and the work is not done: a wake-up was lost.
        case stuck
        /// Time stood still for too many jobs: something goes round in circles.
        case spinning
    }

    /// Jobs that may run without time going on.
    private static let mostJobsAtOnce = 2_000_000

    /// Runs `body`, and all that it starts, until it returns.
    func run(_ body: @escaping @Sendable () async -> Void) -> End {
        Task(executorPreference: self) {
            await body()
            self.state.withLock { $0.isOver = true }
        }
        var jobsAtOnce = 0
        var lastTime = self.timeline.now
        while !self.state.withLock({ $0.isOver }) {
            if let job = self.next() {
                job.runSynchronously(on: self.asUnownedTaskExecutor())
                jobsAtOnce += 1
                if jobsAtOnce > Self.mostJobsAtOnce { return .spinning }
                continue
            }
            guard self.timeline.advance() else { return .stuck }
            if self.timeline.now != lastTime {
                lastTime = self.timeline.now
                jobsAtOnce = 0
            }
        }
        return .finished
    }

    private func next() -> UnownedJob? {
        self.state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            state.jobCount += 1
            let count = state.ready.count
            if count == 1 { return state.ready.removeLast() }
            let index =
                switch self.order {
                case .shuffled: self.dice.below(count)
                case .mostlyFirst: self.dice.below(8) == 0 ? self.dice.below(count) : 0
                case .mostlyLast: self.dice.below(8) == 0 ? self.dice.below(count) : count - 1
                }
            if self.order == .shuffled {
                state.ready.swapAt(index, count - 1)
                return state.ready.removeLast()
            }
            return state.ready.remove(at: index)
        }
    }
}
