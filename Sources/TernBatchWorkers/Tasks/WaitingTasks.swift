import Synchronization
import TernCore
import TernObjects

/// Whether a destination of a job was silent for so long that its tasks were given up. Then rows are started whole: to wait
/// for a few at a time would take the time of the silence for each few.
final class DestinationSilence: Sendable {
    private let state = Mutex(false)

    var isKnown: Bool {
        get { self.state.withLock { $0 } }
        set { self.state.withLock { $0 = newValue } }
    }
}

/// The tasks of one row that were started, and wait for the answers of their destinations.
struct WaitingTasks {
    /// A task, and how those ended that it has put into the outbox.
    struct Waiting {
        var index: Int
        var tasks: [StartedTask]
        var ends: [UInt64: StartedTaskEnd] = [:]

        var isDone: Bool { self.ends.count == self.tasks.count }
    }

    private var waiting: [Waiting] = []
    /// By the number of what was started.
    private var places: [UInt64: Int] = [:]
    /// Tasks without all answers.
    private(set) var open = 0
    /// When the last answer came, or the first task was started after a time without any.
    var lastAnswer: Timestamp

    init(now: Timestamp) {
        self.lastAnswer = now
    }

    mutating func add(_ index: Int, _ tasks: [StartedTask], now: Timestamp) {
        if self.open == 0 { self.lastAnswer = now }
        for task in tasks { self.places[task.number] = self.waiting.count }
        self.waiting.append(Waiting(index: index, tasks: tasks))
        self.open += 1
    }

    /// Notes how one of a task's ended.
    ///
    /// - Returns: The task, if that was the last of them.
    mutating func end(_ number: UInt64, _ end: StartedTaskEnd) -> Waiting? {
        guard let place = self.places.removeValue(forKey: number) else { return nil }
        self.waiting[place].ends[number] = end
        guard self.waiting[place].isDone else { return nil }
        self.open -= 1
        return self.waiting[place]
    }

    /// What was started and has no answer yet.
    var unanswered: [StartedTask] {
        self.waiting.flatMap { one in one.tasks.filter { one.ends[$0.number] == nil } }
    }
}
