import TernCore
import TernObjects
import TernRecords
import TernReplication

/// The state of one lane: what it has in hand, what is under way, and what to start next. Without clock, chance or I/O.
struct LaneWork: Sendable {
    /// What the lane's loop has to start.
    enum Action: Sendable {
        case deliverSmall([StoredTask], isFull: Bool)
        case deliverLarge(StoredTask)
        case settle([TaskSettlement], [Postponement])
        /// Ring the mailbox at this time.
        case wake(Timestamp)
    }

    let lane: LaneID
    let options: ReplicationOptions
    private(set) var machine = LaneMachine()
    private(set) var cursor = LaneCursor()
    /// Whether the lane's bucket is gone.
    var isOver = false
    /// Whether clients keep the region busy.
    var isMakingRoom = false
    /// Whether lanes that go before this one have something to send to the same region.
    var isYielding = false
    /// Bytes of the bodies of small items in one request.
    var batchBytes: Int64
    /// What the operator lets rest.
    private(set) var pause = LanePause.none

    private var window: RequestWindow
    /// Read and waiting to be sent.
    private var small: [StoredTask] = []
    private var large: [StoredTask] = []
    /// Halves of requests that broke for what may be the fault of one of their items.
    private var suspects: [[StoredTask]] = []
    private var smallInFlight = 0
    private var largeInFlight = 0
    private var lastSmallStart: Timestamp?
    private var lastSmallCount: Int64 = 0
    private var settlements: [TaskSettlement] = []
    private var postponements: [Postponement] = []
    private var isSettling = false
    private var settleAfter: Timestamp?
    private var readAfter: Timestamp?
    private var lastRead: Timestamp?
    private var wasPageFull = false
    /// The earliest timer that runs.
    private var timer: Timestamp?
    /// The latest time that was seen.
    private var lastTime: Timestamp?

    /// How long to wait after the store of this region failed, in milliseconds.
    private static let storeDelayMilliseconds: Int64 = 500
    private static let retries = RetrySchedule()
    private static let retryFloor = Duration.milliseconds(50)

    init(lane: LaneID, options: ReplicationOptions) {
        self.lane = lane
        self.options = options
        self.window = RequestWindow(range: options.requestsInFlight)
        self.batchBytes = options.bytesPerRequest
    }

    /// Whether nothing is in hand.
    var isEmpty: Bool { self.cursor.heldCount == 0 }

    private var waitingCount: Int { self.small.count + self.large.count }

    /// Whether there is something to send that may be sent, or something on its way.
    var isActive: Bool {
        if self.smallInFlight + self.largeInFlight > 0 { return true }
        if self.pause.isWhole { return false }
        if case .backingOff = self.machine.state { return false }
        return self.waitingCount > 0 || !self.suspects.isEmpty
    }

    /// The state as people read it.
    var stateName: String { self.pause.isWhole ? "paused" : self.machine.stateName }

    // MARK: Events

    mutating func take(_ letters: LaneMailbox.Letters, jitter: Double, at now: Timestamp) {
        if let lastTime, now < lastTime { self.clockWasSetBack(to: now) }
        self.lastTime = now
        if let due = letters.addedDue { self.cursor.tasksAdded(dueAt: due, lane: self.lane) }
        if let timer = letters.timer, let armed = self.timer, armed <= timer { self.timer = nil }
        self.cursor.wake(at: now)
        for size in letters.freed {
            switch size {
            case .small: self.smallInFlight -= 1
            case .large: self.largeInFlight -= 1
            }
        }
        for report in letters.deliveries { self.deliveryEnded(report, jitter: jitter, at: now) }
        for report in letters.settlements { self.settlementEnded(report, at: now) }
    }

    /// Forgets all times to wait for, which would be further away by as much as the clock was ahead.
    private mutating func clockWasSetBack(to now: Timestamp) {
        self.lastSmallStart = nil
        self.settleAfter = nil
        self.readAfter = nil
        self.lastRead = nil
        self.timer = nil
        self.machine.clockWasSetBack(to: now)
        self.cursor.clockWasSetBack()
    }

    /// What rests from now on: tasks that wait in hand go back to where they were, so that others have their room.
    mutating func set(_ pause: LanePause) {
        guard pause != self.pause else { return }
        self.pause = pause
        self.cursor.skip(pause.rules)
        guard !pause.rules.isEmpty else { return }
        self.small = self.withoutPaused(self.small)
        self.large = self.withoutPaused(self.large)
        self.suspects = self.suspects.map { self.withoutPaused($0) }.filter { !$0.isEmpty }
    }

    private mutating func withoutPaused(_ tasks: [StoredTask]) -> [StoredTask] {
        tasks.filter { task in
            guard self.pause.rules.contains(task.record.ruleID) else { return true }
            self.cursor.dropped(task.row)
            return false
        }
    }

    /// Tasks that were read from the cursor's place.
    mutating func take(_ page: [StoredTask], limit: Int, at now: Timestamp) {
        self.lastRead = now
        self.wasPageFull = page.count == limit
        self.readAfter = nil
        for task in self.cursor.take(page, limit: limit, of: self.lane, at: now) {
            if task.record.kind == .object, task.record.byteCount > self.options.smallBodyBytes {
                self.large.append(task)
            } else {
                self.small.append(task)
            }
        }
    }

    mutating func readingFailed(at now: Timestamp) {
        self.readAfter = Timestamp(milliseconds: now.milliseconds + Self.storeDelayMilliseconds)
    }

    private mutating func deliveryEnded(_ report: DeliveryReport, jitter: Double, at now: Timestamp) {
        if let failure = report.failure {
            self.window.failed()
            self.machine.destinationFailed(failure.message, jitter: jitter, at: now)
        } else if report.isAnswered {
            self.window.succeeded(wasFull: report.wasFull)
            self.machine.destinationAnswered()
        }
        var givenBack: [StoredTask] = []
        for (task, verdict) in report.verdicts {
            switch verdict {
            case .settle(let outcome, let version):
                self.settlements.append(TaskSettlement(task: task, outcome: outcome, version: version))
            case .postpone(let delay, let error, let countsAttempt):
                self.postponements.append(
                    Postponement(
                        task: task, until: now + max(delay, Self.retryFloor), error: error, countsAttempt: countsAttempt
                    ))
            case .giveBack:
                givenBack.append(task)
            }
        }
        self.takeBack(givenBack, failure: report.failure, jitter: jitter, at: now)
    }

    /// Tasks of a request that broke. If one of them may be what breaks it, they are tried in halves, down to the one,
    /// which then waits alone; else they are read again when the lane goes on.
    private mutating func takeBack(_ tasks: [StoredTask], failure: TransportError?, jitter: Double, at now: Timestamp) {
        guard !tasks.isEmpty else { return }
        guard let failure, failure.mayBeDueToContent else {
            for task in tasks { self.cursor.released(task.row) }
            return
        }
        let tasks = self.withoutPaused(tasks)
        guard let first = tasks.first else { return }
        if tasks.count > 1 {
            let middle = tasks.count / 2
            self.suspects.append(Array(tasks[..<middle]))
            self.suspects.append(Array(tasks[middle...]))
            return
        }
        let delay = Self.retries.delay(afterAttempt: Int(first.record.attempts) + 1, jitter: jitter)
        self.postponements.append(
            Postponement(task: first, until: now + max(delay, Self.retryFloor), error: failure.message))
    }

    private mutating func settlementEnded(_ report: SettlementReport, at now: Timestamp) {
        self.isSettling = false
        if report.error != nil {
            // What is committed is not settled again: its tasks are gone, which would say nothing about a later commit.
            if report.areSettled {
                self.cursor.settled(report.settlements.map(\.task.row))
            } else {
                self.settlements.insert(contentsOf: report.settlements, at: 0)
            }
            self.postponements.insert(contentsOf: report.postponements, at: 0)
            let isDone = self.settlements.isEmpty && self.postponements.isEmpty
            self.settleAfter = isDone ? nil : now + .milliseconds(Self.storeDelayMilliseconds)
            return
        }
        self.settleAfter = nil
        self.cursor.settled(report.settlements.map(\.task.row))
        for one in report.postponements { self.cursor.moved(one.task.row, to: one.until, lane: self.lane) }
    }

    // MARK: Decisions

    /// Whether to read more: there is something to read, room for it, and use for it.
    func wantsTasks(at now: Timestamp) -> Bool {
        if self.pause.isWhole { return false }
        if self.cursor.isExhausted || self.cursor.heldCount >= self.options.heldTasks { return false }
        // Large objects alone must not keep the small ones behind them from being read.
        if self.small.count >= self.options.itemsPerRequest * 2 { return false }
        if let readAfter, now < readAfter { return false }
        if let gathered = self.nextRead, now < gathered { return false }
        if case .backingOff(let until) = self.machine.state, now < until { return false }
        return true
    }

    /// While requests are under way, new tasks are read a few times a second only: not one by one as they are committed.
    /// Nor are they read before they may be sent.
    private var nextRead: Timestamp? {
        guard !self.wasPageFull, let lastRead else { return nil }
        if self.smallInFlight == 0 { return self.gatheredAt }
        return Timestamp(milliseconds: lastRead.milliseconds + self.options.gatheringMilliseconds)
    }

    /// Whether the lane needs no bell for new tasks: a timer will have it look in a moment, or it cannot use them before
    /// something else happens.
    func isMuted(at now: Timestamp) -> Bool {
        if self.pause.isWhole { return true }
        if case .backingOff = self.machine.state { return true }
        guard self.lastRead != nil else { return false }
        return self.smallInFlight > 0 || self.gatheredAt.map { now < $0 } ?? false
    }

    /// What to start now. What is returned counts as started.
    mutating func actions(at now: Timestamp) -> [Action] {
        var actions: [Action] = []
        self.startSettling(&actions, at: now)
        if self.waitingCount > 0 || !self.suspects.isEmpty { self.machine.workFound() }
        switch self.pause.isWhole ? .nothing(until: now) : self.machine.permit(at: now) {
        case .unlimited:
            while let action = self.nextDelivery(at: now) { actions.append(action) }
        case .single:
            if self.smallInFlight + self.largeInFlight == 0, let action = self.nextDelivery(at: now) {
                actions.append(action)
            }
        case .nothing:
            break
        }
        if self.isEmpty, self.cursor.isExhausted, !self.pause.isWhole { self.machine.workExhausted() }
        self.armTimer(&actions, at: now)
        return actions
    }

    private mutating func startSettling(_ actions: inout [Action], at now: Timestamp) {
        guard !self.isSettling, !self.settlements.isEmpty || !self.postponements.isEmpty else { return }
        if let settleAfter, now < settleAfter { return }
        let limit = self.options.settlementsPerCommit
        let batch = Array(self.settlements.prefix(limit))
        let moves = Array(self.postponements.prefix(limit))
        self.settlements.removeFirst(batch.count)
        self.postponements.removeFirst(moves.count)
        self.isSettling = true
        actions.append(.settle(batch, moves))
    }

    private mutating func nextDelivery(at now: Timestamp) -> Action? {
        if self.smallInFlight < self.smallLimit {
            if let group = self.suspects.popLast() {
                self.smallInFlight += 1
                return .deliverSmall(group, isFull: false)
            }
            if let action = self.nextSmall(at: now) { return action }
        }
        let largeLimit = self.isYielding ? 1 : self.options.largeObjectsInFlight
        if self.largeInFlight < largeLimit, !self.large.isEmpty {
            self.largeInFlight += 1
            return .deliverLarge(self.large.removeFirst())
        }
        return nil
    }

    /// Requests of small items that may be under way now: fewer where others go first, and never none.
    private var smallLimit: Int {
        if self.isYielding { return 1 }
        return self.isMakingRoom
            ? min(self.options.requestsInFlightWhileBusy, self.window.limit) : self.window.limit
    }

    /// The next request of small items. One that is not full waits a little for more, while others are under way and after
    /// them: at low load every item goes at once, at high load they go many together. A request costs as much processor
    /// time as several of its items.
    private mutating func nextSmall(at now: Timestamp) -> Action? {
        guard !self.small.isEmpty else { return nil }
        var count = 0
        var bytes: Int64 = 0
        let limit = self.itemLimit
        for task in self.small {
            if count == limit { break }
            if count > 0, bytes + task.record.byteCount > self.batchBytes { break }
            bytes += task.record.byteCount
            count += 1
        }
        let isComplete = count == limit || count < self.small.count
        if !isComplete, let gathered = self.gatheredAt, now < gathered { return nil }
        let batch = Array(self.small.prefix(count))
        self.small.removeFirst(count)
        self.smallInFlight += 1
        self.lastSmallStart = now
        self.lastSmallCount = Int64(count)
        return .deliverSmall(batch, isFull: isComplete && limit == self.options.itemsPerRequest)
    }

    /// Items of the next request: few where it is to find out whether the destination is back, or where clients go first.
    private var itemLimit: Int {
        if self.machine.state == .probing { return self.options.probeItems }
        return self.isMakingRoom ? self.options.itemsPerRequestWhileBusy : self.options.itemsPerRequest
    }

    /// Until when a request waits for more items.
    private var gatheredAt: Timestamp? {
        guard let lastSmallStart else { return nil }
        var pause = self.options.gatheringMilliseconds
        if self.smallInFlight == 0 {
            pause = min(pause, self.lastSmallCount * self.options.gatheringMillisecondsPerItem)
        }
        return Timestamp(milliseconds: lastSmallStart.milliseconds + pause)
    }

    /// Sees to it that something wakes the lane when time alone makes a difference.
    private mutating func armTimer(_ actions: inout [Action], at now: Timestamp) {
        var deadlines: [Timestamp] = []
        if case .backingOff(let until) = self.machine.state { deadlines.append(until) }
        if let resumption = self.pause.next { deadlines.append(resumption) }
        if let due = self.cursor.nextDue { deadlines.append(due) }
        if let settleAfter, !self.isSettling { deadlines.append(settleAfter) }
        if let readAfter, now < readAfter { deadlines.append(readAfter) }
        // Also where nothing is known to wait: new tasks do not ring meanwhile.
        if let gatheredAt, now < gatheredAt { deadlines.append(gatheredAt) }
        if self.smallInFlight > 0 {
            let soon = Timestamp(milliseconds: now.milliseconds + self.options.gatheringMilliseconds)
            deadlines.append(self.nextRead.map { $0 > now ? $0 : soon } ?? soon)
        }
        guard let next = deadlines.min() else { return }
        if let timer, timer <= next { return }
        self.timer = next
        actions.append(.wake(next))
    }
}
