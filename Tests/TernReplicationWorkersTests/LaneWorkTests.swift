import TernCore
import TernObjects
import TernRecords
import TernReplication
import Testing

@testable import TernReplicationWorkers

@Suite("What a lane starts")
struct LaneWorkTests {
    static let lane = LaneID(sourceBucket: "a", sourceBucketID: 1, destinationBucket: "b")

    private func tasks(_ count: Int) -> [StoredTask] {
        (0..<count).map { number in
            var record = TaskRecord()
            record.destinationBucket = "b"
            record.requestMs = 10
            let row = Keyspace.task(
                lane: Self.lane.hash, due: Timestamp(milliseconds: 10), unique: UInt64(number))
            return StoredTask(row: row, value: [], record: record)
        }
    }

    private func started(_ actions: [LaneWork.Action]) -> [[StoredTask]] {
        actions.compactMap { action in
            if case .deliverSmall(let tasks, _) = action { return tasks }
            return nil
        }
    }

    @Test("After a failure one small request finds out whether the destination is back, and full ones follow")
    func probes() throws {
        var work = LaneWork(lane: Self.lane, options: ReplicationOptions())
        var now = Timestamp(milliseconds: 100)
        work.take(self.tasks(256), limit: 256, at: now)
        let first = self.started(work.actions(at: now))
        #expect(first.map(\.count) == [128, 128])

        var letters = LaneMailbox.Letters()
        for tasks in first {
            letters.deliveries.append(
                DeliveryReport(
                    verdicts: tasks.map { ($0, .giveBack) }, failure: TransportError(.networkError, "down"),
                    isAnswered: false, wasFull: true))
            letters.freed.append(.small)
        }
        work.take(letters, jitter: 0.5, at: now)
        #expect(self.started(work.actions(at: now)).isEmpty)

        now = now + LaneMachine.delayCeiling
        work.take(LaneMailbox.Letters(), jitter: 0.5, at: now)
        // The tasks were given back, and are read again.
        work.take(self.tasks(256), limit: 256, at: now)
        let probe = self.started(work.actions(at: now))
        #expect(probe.map(\.count) == [ReplicationOptions().probeItems])

        letters = LaneMailbox.Letters()
        letters.deliveries = [
            DeliveryReport(
                verdicts: try #require(probe.first).map { ($0, .settle(.done(attributesStamp: 0), nil)) },
                failure: nil, isAnswered: true, wasFull: false)
        ]
        letters.freed = [.small]
        work.take(letters, jitter: 0.5, at: now)
        #expect(self.started(work.actions(at: now)).first?.count == 128)
    }

    @Test(
        "After a request the next waits for more items, the longer the more that one had; nobody is woken meanwhile",
        arguments: [(1, 1), (5, 5), (24, 24), (26, 25), (100, 25)])
    func gathers(count: Int, wait: Int64) {
        var work = LaneWork(lane: Self.lane, options: ReplicationOptions())
        let start = Timestamp(milliseconds: 100)
        work.take(self.tasks(count), limit: 256, at: start)
        let first = self.started(work.actions(at: start))
        #expect(first.map(\.count) == [count])
        #expect(work.isMuted(at: start))

        // It ends at once, and there is more to send.
        var letters = LaneMailbox.Letters()
        letters.deliveries = first.map { tasks in
            DeliveryReport(
                verdicts: tasks.map { ($0, .settle(.done(attributesStamp: 0), nil)) }, failure: nil, isAnswered: true,
                wasFull: false)
        }
        letters.freed = [.small]
        letters.addedDue = Timestamp(milliseconds: 10)
        var now = start
        work.take(letters, jitter: 0.5, at: now)
        #expect(!work.wantsTasks(at: now))
        let wakes = work.actions(at: now).compactMap { action in
            if case .wake(let deadline) = action { deadline } else { nil }
        }
        let end = start + .milliseconds(wait)
        #expect(work.isMuted(at: now))
        // The timer that was set behind the request is as good, where it is no later.
        if wait < ReplicationOptions().gatheringMilliseconds { #expect(wakes == [end]) }

        now = end
        work.take(LaneMailbox.Letters(), jitter: 0.5, at: now)
        #expect(work.wantsTasks(at: now))
        #expect(!work.isMuted(at: now))
        let row = Keyspace.task(lane: Self.lane.hash, due: Timestamp(milliseconds: 10), unique: 1000)
        var record = TaskRecord()
        record.destinationBucket = "b"
        work.take([StoredTask(row: row, value: [], record: record)], limit: 256, at: now)
        #expect(self.started(work.actions(at: now)).map(\.count) == [1])
    }

    @Test("A full request waits for nothing")
    func fullRequestsGoAtOnce() {
        var work = LaneWork(lane: Self.lane, options: ReplicationOptions())
        let now = Timestamp(milliseconds: 100)
        work.take(self.tasks(20), limit: 256, at: now)
        #expect(self.started(work.actions(at: now)).map(\.count) == [20])
        var letters = LaneMailbox.Letters()
        letters.freed = [.small]
        work.take(letters, jitter: 0.5, at: now)
        #expect(self.started(work.actions(at: now)).isEmpty)
        work.take(Array(self.tasks(148).dropFirst(20)), limit: 128, at: now)
        #expect(self.started(work.actions(at: now)).map(\.count) == [128])
    }

    @Test("What is committed is not settled again where something after it fails, and no timer rings for nothing")
    func failureAfterSettling() throws {
        var work = LaneWork(lane: Self.lane, options: ReplicationOptions())
        var now = Timestamp(milliseconds: 100)
        work.take(self.tasks(1), limit: 256, at: now)
        let delivered = try #require(self.started(work.actions(at: now)).first)
        var letters = LaneMailbox.Letters()
        letters.deliveries = [
            DeliveryReport(
                verdicts: delivered.map { ($0, .settle(.done(attributesStamp: 0), nil)) }, failure: nil,
                isAnswered: true, wasFull: false)
        ]
        letters.freed = [.small]
        work.take(letters, jitter: 0.5, at: now)
        let settlements = work.actions(at: now).compactMap { action in
            if case .settle(let settlements, _) = action { settlements } else { nil }
        }
        #expect(settlements.map(\.count) == [1])
        letters = LaneMailbox.Letters()
        letters.settlements = [
            SettlementReport(
                settlements: settlements.flatMap(\.self), postponements: [], areSettled: true, error: "the disk failed")
        ]
        work.take(letters, jitter: 0.5, at: now)
        for _ in 0..<3 {
            now = now + .seconds(1)
            for action in work.actions(at: now) {
                switch action {
                case .settle: Issue.record("it is settled again")
                case .wake(let deadline): #expect(deadline > now)
                default: break
                }
            }
        }
    }

    @Test("Rests of many lanes are longer, up to eight times", arguments: [(1, 1), (2, 1), (6, 3), (1000, 8)])
    func sharedRests(deliveries: Int, times: Int) {
        #expect(ReplicationOptions().sharedRests(deliveries: deliveries) == times)
    }
}
