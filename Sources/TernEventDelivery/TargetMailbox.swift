import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernStorage

/// The lanes of one target that have work, now or at a known time.
///
/// A lane is in one of three states: it waits for its turn, a worker has it, or nobody has. Whatever is added to it
/// meanwhile brings it back.
final class TargetMailbox: Sendable {
    /// A lane and where its next page begins.
    struct Lane: Sendable {
        var lane: EventLane
        var cursor: [UInt8]?
    }

    fileprivate struct Entry {
        var cursor: [UInt8]?
        var isQueued = false
        var isTaken = false
        /// The first row that came while a worker had it.
        var rungRow: [UInt8]?
        /// When it has work again.
        var due: Timestamp?
    }

    fileprivate struct State {
        var entries: [EventLane: Entry] = [:]
        var queue: [EventLane] = []
        /// The target wants nothing any more, until somebody asks it again.
        var isClosed = false
        /// Somebody asks for an attempt before its time.
        var isRestSkipped = false
    }

    private let state = Mutex(State())
    private let wakeup = Wakeup()

    /// An event was added that may be sent at `due`.
    func ring(_ lane: EventLane, due: HybridTimestamp, now: Timestamp) {
        let row = Keyspace.event(target: lane.hash, stamp: due, unique: 0)
        self.state.withLock { state in
            var entry = state.entries[lane, default: Entry()]
            if let cursor = entry.cursor, KeyOrder.precedes(row, cursor) { entry.cursor = row }
            let time = Timestamp(milliseconds: due.milliseconds)
            if time > now {
                entry.due = entry.due.map { min($0, time) } ?? time
                state.entries[lane] = entry
            } else {
                if entry.isTaken { entry.rungRow = entry.rungRow.map { KeyOrder.precedes(row, $0) ? row : $0 } ?? row }
                state.entries[lane] = entry
                if !entry.isTaken { state.enqueue(lane) }
            }
        }
        self.wakeup.ring()
    }

    /// Tries at once what waits, also at a target that wanted nothing any more.
    func tryNow() {
        self.state.withLock { state in
            state.isClosed = false
            state.isRestSkipped = true
            for lane in Array(state.entries.keys) {
                state.entries[lane]?.cursor = nil
                if state.entries[lane]?.isTaken == true {
                    state.entries[lane]?.rungRow = []
                } else {
                    state.enqueue(lane)
                }
            }
        }
        self.wakeup.ring()
    }

    /// Sends nothing until ``tryNow()``.
    func close() {
        self.state.withLock { $0.isClosed = true }
    }

    var isClosed: Bool { self.state.withLock { $0.isClosed } }

    /// The lane whose turn it is, once there is one; `nil` when the process stops.
    ///
    /// - Parameter resting: Nothing is sent before, unless somebody asks for it.
    func next(resting: Timestamp?, wall: any WallClock) async -> Lane? {
        while !Task.isCancelled {
            let now = wall.now
            let (lane, due) = self.state.withLock { state -> (Lane?, Timestamp?) in
                if let resting, now < resting, !state.isRestSkipped { return (nil, resting) }
                let (lane, due) = state.take(at: now)
                if lane != nil { state.isRestSkipped = false }
                return (lane, due)
            }
            if let lane { return lane }
            await self.wakeup.wait(until: due, wall: wall)
        }
        return nil
    }

    // MARK: What becomes of a lane that was taken

    func more(_ lane: Lane, cursor: [UInt8]?) { self.putBack(lane, cursor: cursor, due: nil, isReady: true) }

    func finished(_ lane: Lane, cursor: [UInt8]?) { self.putBack(lane, cursor: cursor, due: nil, isReady: false) }

    func wait(_ lane: Lane, until due: Timestamp, cursor: [UInt8]? = nil) {
        self.putBack(lane, cursor: cursor ?? lane.cursor, due: due, isReady: false)
    }

    private func putBack(_ lane: Lane, cursor: [UInt8]?, due: Timestamp?, isReady: Bool) {
        self.state.withLock { state in
            guard var entry = state.entries[lane.lane] else { return }
            entry.cursor = cursor
            // What came meanwhile may stand before the end of the page that was read.
            if let rung = entry.rungRow, let cursor, KeyOrder.precedes(rung, cursor) { entry.cursor = rung }
            if let due { entry.due = entry.due.map { min($0, due) } ?? due }
            let isReady = isReady || entry.rungRow != nil
            entry.isTaken = false
            entry.rungRow = nil
            state.entries[lane.lane] = entry
            if isReady { state.enqueue(lane.lane) }
        }
    }
}

extension TargetMailbox.State {
    fileprivate mutating func enqueue(_ lane: EventLane) {
        guard var entry = self.entries[lane], !entry.isQueued else { return }
        entry.isQueued = true
        self.entries[lane] = entry
        self.queue.append(lane)
    }

    /// The lane whose turn it is, or when the next has work.
    fileprivate mutating func take(at now: Timestamp) -> (TargetMailbox.Lane?, Timestamp?) {
        if self.isClosed { return (nil, nil) }
        var next: Timestamp?
        for (lane, entry) in self.entries {
            guard let due = entry.due else { continue }
            if due <= now {
                self.entries[lane]?.due = nil
                if entry.isTaken { self.entries[lane]?.rungRow = [] } else { self.enqueue(lane) }
            } else {
                next = next.map { min($0, due) } ?? due
            }
        }
        guard !self.queue.isEmpty else { return (nil, next) }
        let lane = self.queue.removeFirst()
        guard var entry = self.entries[lane] else { return (nil, nil) }
        entry.isQueued = false
        entry.isTaken = true
        self.entries[lane] = entry
        return (TargetMailbox.Lane(lane: lane, cursor: entry.cursor), nil)
    }
}
