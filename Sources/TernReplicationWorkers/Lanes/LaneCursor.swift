package import TernCore
package import TernObjects
import TernRecords
import TernReplication
import TernStorage

/// Where a lane reads on, and what it has in its hands.
///
/// Rows are read once, in their order. A row that comes to be before the cursor (a request that took long to commit) is
/// announced by the outbox, which knows its due time; the cursor goes back to that time, no further, so that the rows of
/// tasks long done, which the store still has to step over, are not walked again.
package struct LaneCursor: Sendable {
    /// The first row to read next; `nil` is the lane's beginning.
    package private(set) var next: [UInt8]?
    /// Whether everything due was read as of the last look.
    package private(set) var isExhausted = false
    /// When the first task behind the cursor is due; `nil` when none was seen.
    package private(set) var nextDue: Timestamp?
    /// The rows in hand: read, and not yet settled, moved or given back.
    private var held: Set<Row> = []
    /// Rules whose tasks are passed over, and left where they are.
    private var skipped: Set<String> = []

    private struct Row: Hashable, Sendable {
        var bytes: [UInt8]

        /// In one piece: an array by itself hands the hasher one byte after the other.
        func hash(into hasher: inout Hasher) {
            self.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    package init() {}

    package var heldCount: Int { self.held.count }

    /// Takes a page that was read from ``next``: returns the tasks that are due and not in hand yet, and advances.
    package mutating func take(_ page: [StoredTask], limit: Int, of lane: LaneID, at now: Timestamp) -> [StoredTask] {
        self.nextDue = nil
        var taken: [StoredTask] = []
        var last: [UInt8]?
        defer { if let last { self.next = last + [0] } }
        for task in page {
            if task.due > now, !task.isOfTheFuture(at: now) {
                self.nextDue = task.due
                self.next = task.row
                last = nil
                self.isExhausted = true
                return taken
            }
            last = task.row
            // Lanes whose names have one hash share their rows.
            guard task.record.destinationBucket == lane.destinationBucket, task.record.traffic == lane.traffic else {
                continue
            }
            if self.skipped.contains(task.record.ruleID) { continue }
            if self.held.insert(Row(bytes: task.row)).inserted { taken.append(task) }
        }
        self.isExhausted = page.count < limit
        return taken
    }

    /// Goes back, if need be, so that tasks due at `due` are read again.
    package mutating func tasksAdded(dueAt due: Timestamp, lane: LaneID) {
        self.goBack(to: Keyspace.task(lane: lane.hash, due: due, unique: 0))
    }

    /// The tasks are settled: their rows are gone.
    package mutating func settled(_ rows: [[UInt8]]) {
        for row in rows { self.held.remove(Row(bytes: row)) }
    }

    /// The task was moved to another time.
    package mutating func moved(_ row: [UInt8], to due: Timestamp, lane: LaneID) {
        self.held.remove(Row(bytes: row))
        self.tasksAdded(dueAt: due, lane: lane)
    }

    /// The task is as it was: it is to be read again.
    package mutating func released(_ row: [UInt8]) {
        self.held.remove(Row(bytes: row))
        self.goBack(to: row)
    }

    /// Passes over the tasks of these rules from now on. Where one of them is passed over no more, all is read again.
    package mutating func skip(_ rules: Set<String>) {
        if !self.skipped.isSubset(of: rules) {
            self.next = nil
            self.isExhausted = false
        }
        self.skipped = rules
    }

    /// The task is left where it is, since its rule is passed over.
    package mutating func dropped(_ row: [UInt8]) {
        self.held.remove(Row(bytes: row))
    }

    /// Time has come for the tasks behind the cursor.
    package mutating func wake(at now: Timestamp) {
        if let nextDue, nextDue <= now {
            self.nextDue = nil
            self.isExhausted = false
        }
    }

    /// The clock was set back: what was not due may be.
    package mutating func clockWasSetBack() {
        self.nextDue = nil
        self.isExhausted = false
    }

    private mutating func goBack(to row: [UInt8]) {
        self.isExhausted = false
        guard let next else { return }
        if KeyOrder.precedes(row, next) { self.next = row }
    }
}

extension StoredTask {
    /// Whether the task was made or put off while the clock was ahead: nothing is due as late as that, and a task that was
    /// never tried is due from its beginning. It waits no longer.
    fileprivate func isOfTheFuture(at now: Timestamp) -> Bool {
        let wasTried = self.record.attempts > 0 || !self.record.lastError.isEmpty
        return !wasTried || self.due > now + RetrySchedule().ceiling
    }
}
