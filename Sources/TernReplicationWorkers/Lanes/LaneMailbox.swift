import Synchronization
import TernCore
import TernObjects
import TernPorts

/// What others tell a lane's loop. Bounded: the bells of any number of commits are one time, and every report belongs to
/// work that the lane itself started.
final class LaneMailbox: Sendable {
    struct Letters: Sendable {
        /// The earliest due time of tasks that were added.
        var addedDue: Timestamp?
        var deliveries: [DeliveryReport] = []
        /// Places of deliveries that the next ones may take.
        var freed: [DeliveryReport.Size] = []
        var settlements: [SettlementReport] = []
        /// A timer that was set to this time has run out.
        var timer: Timestamp?
    }

    private struct State {
        var letters = Letters()
        var isMuted = false
    }

    private let state = Mutex(State())
    private let wakeup = Wakeup()

    /// Whether new tasks are only noted: the lane looks for them by itself soon. Without this a busy source would wake
    /// its lanes with every commit.
    func setMuted(_ isMuted: Bool) {
        let mustRing = self.state.withLock { state in
            defer { state.isMuted = isMuted }
            return state.isMuted && !isMuted && state.letters.addedDue != nil
        }
        if mustRing { self.wakeup.ring() }
    }

    func tasksAdded(dueAt due: Timestamp) {
        let mustRing = self.state.withLock { state in
            // A time that was noted before has rung already.
            let isFirst = state.letters.addedDue == nil
            state.letters.addedDue = min(state.letters.addedDue ?? due, due)
            return isFirst && !state.isMuted
        }
        if mustRing { self.wakeup.ring() }
    }

    func placeFreed(_ size: DeliveryReport.Size) {
        self.state.withLock { $0.letters.freed.append(size) }
        self.wakeup.ring()
    }

    func post(_ report: DeliveryReport) {
        self.state.withLock { $0.letters.deliveries.append(report) }
        self.wakeup.ring()
    }

    func post(_ report: SettlementReport) {
        self.state.withLock { $0.letters.settlements.append(report) }
        self.wakeup.ring()
    }

    func timerRanOut(_ deadline: Timestamp) {
        self.state.withLock { $0.letters.timer = max($0.letters.timer ?? deadline, deadline) }
        self.wakeup.ring()
    }

    func take() -> Letters {
        self.state.withLock { state in
            let taken = state.letters
            state.letters = Letters()
            return taken
        }
    }

    /// Has the lane look anew at what is not in its letters.
    func ring() {
        self.wakeup.ring()
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
    /// Whether the outcomes are committed, whatever became of the postponements.
    var areSettled = false
    /// `nil` when all are committed.
    var error: String?
}
