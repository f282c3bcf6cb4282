import Synchronization
import TernCore
import TernObjects

/// What others tell a lane's loop. Bounded: the bells of any number of commits are one time, and every report belongs to
/// work that the lane itself started.
final class LaneMailbox: Sendable {
    struct Letters: Sendable {
        /// The earliest due time of tasks that were added.
        var addedDue: Timestamp?
        var deliveries: [DeliveryReport] = []
        var settlements: [SettlementReport] = []
        /// A timer that was set to this time has run out.
        var timer: Timestamp?
    }

    private let letters = Mutex(Letters())
    private let wakeup = Wakeup()

    func tasksAdded(dueAt due: Timestamp) {
        self.letters.withLock { $0.addedDue = min($0.addedDue ?? due, due) }
        self.wakeup.ring()
    }

    func post(_ report: DeliveryReport) {
        self.letters.withLock { $0.deliveries.append(report) }
        self.wakeup.ring()
    }

    func post(_ report: SettlementReport) {
        self.letters.withLock { $0.settlements.append(report) }
        self.wakeup.ring()
    }

    func timerRanOut(_ deadline: Timestamp) {
        self.letters.withLock { $0.timer = max($0.timer ?? deadline, deadline) }
        self.wakeup.ring()
    }

    func take() -> Letters {
        self.letters.withLock { letters in
            let taken = letters
            letters = Letters()
            return taken
        }
    }

    func wait() async {
        await self.wakeup.wait()
    }
}

/// What a task needs after an attempt to deliver it.
enum TaskVerdict: Sendable {
    case settle(TaskOutcome, StoredVersion?)
    /// Try again after a delay. Attempts count unless the task was merely early.
    case postpone(Duration, error: String, countsAttempt: Bool)
    /// The attempt says nothing about this task: the way to the destination failed.
    case giveBack
}

/// How a request ended.
struct DeliveryReport: Sendable {
    enum Size: Sendable {
        case small
        case large
    }

    var size: Size
    var verdicts: [(task: StoredTask, verdict: TaskVerdict)]
    /// Why the destination could not be reached; `nil` when it answered, or was not needed.
    var failure: TransportError?
    /// Whether the destination answered at all.
    var isAnswered: Bool
    /// Whether the request was as large as requests get.
    var wasFull: Bool
}

/// How a commit of outcomes ended.
struct SettlementReport: Sendable {
    var settlements: [TaskSettlement]
    var postponements: [Postponement]
    /// `nil` when all are committed.
    var error: String?
}
