import TernCore
import TernObjects
import TernRecords
import Testing

@testable import TernReplicationWorkers

@Suite("A lane's cursor")
struct LaneCursorTests {
    static let lane = LaneID(sourceBucket: "a", sourceBucketID: 1, destinationBucket: "b")

    func task(due: Int64, unique: UInt64, destination: String = "b") -> StoredTask {
        var record = TaskRecord()
        record.destinationBucket = destination
        record.requestMs = due
        record.lastError = "tried before"
        let row = Keyspace.task(lane: Self.lane.hash, due: Timestamp(milliseconds: due), unique: unique)
        return StoredTask(row: row, value: [], record: record)
    }

    @Test("Tasks are taken once, up to the present")
    func takesDueTasksOnce() {
        var cursor = LaneCursor()
        let page = [self.task(due: 10, unique: 1), self.task(due: 20, unique: 2), self.task(due: 99, unique: 3)]
        let now = Timestamp(milliseconds: 50)
        #expect(cursor.take(page, limit: 10, of: Self.lane, at: now).count == 2)
        #expect(cursor.nextDue == Timestamp(milliseconds: 99))
        #expect(cursor.isExhausted)
        #expect(cursor.take(page, limit: 10, of: Self.lane, at: now).isEmpty)
        cursor.wake(at: Timestamp(milliseconds: 99))
        #expect(!cursor.isExhausted)
        #expect(cursor.take([page[2]], limit: 10, of: Self.lane, at: Timestamp(milliseconds: 99)).count == 1)
    }

    @Test("A task committed before the cursor makes it go back, and no further than needed")
    func goesBackForLateCommits() {
        var cursor = LaneCursor()
        let now = Timestamp(milliseconds: 50)
        _ = cursor.take([self.task(due: 40, unique: 1)], limit: 10, of: Self.lane, at: now)
        cursor.tasksAdded(dueAt: Timestamp(milliseconds: 30), lane: Self.lane)
        #expect(!cursor.isExhausted)
        #expect(cursor.next == Keyspace.task(lane: Self.lane.hash, due: Timestamp(milliseconds: 30), unique: 0))
    }

    @Test("A task that is given back is read again")
    func releasedTasksAreReadAgain() {
        var cursor = LaneCursor()
        let now = Timestamp(milliseconds: 50)
        let tasks = [self.task(due: 10, unique: 1), self.task(due: 20, unique: 2)]
        _ = cursor.take(tasks, limit: 10, of: Self.lane, at: now)
        cursor.released(tasks[0].row)
        #expect(cursor.next == tasks[0].row)
        #expect(cursor.take(tasks, limit: 10, of: Self.lane, at: now).map(\.row) == [tasks[0].row])
    }

    @Test("A lane whose name has the same hash is not served")
    func otherLanesAreLeftAlone() {
        var cursor = LaneCursor()
        let page = [self.task(due: 10, unique: 1, destination: "other")]
        #expect(cursor.take(page, limit: 10, of: Self.lane, at: Timestamp(milliseconds: 50)).isEmpty)
    }
}
