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
