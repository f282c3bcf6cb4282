import TernCore
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@testable import TernObjects

@Suite("Attainment of replication time where nobody knows whether a commit was made")
struct AttainmentDoubtsTests {
    /// A process over a store that fails on demand, with a bucket under replication time.
    private struct World {
        let clock = ManualClock()
        let region: TestRegion
        let store: UncertainStore
        let service: ObjectService
        let lane: LaneID

        init() async throws {
            self.region = TestRegion("us-east-1", clock: self.clock, seed: 22)
            for name in ["src", "dst"] { try await self.region.makeBucket(name) }
            try await self.region.replicate("src", to: ["dst"], hasMetrics: true, hasTimeControl: true)
            let bucket = try await self.region.service.registry.state("src")
            self.lane = LaneID(
                sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst", traffic: .timed)
            self.store = UncertainStore(self.region.metadata)
            self.service = self.region.service(over: self.store)
        }

        func put(_ keys: [String]) async throws {
            for key in keys { try await self.region.put(key, in: "src", bytes: [1], by: self.service) }
        }

        func settleAll() async throws {
            let tasks = try await self.service.outbox.tasks(of: self.lane, from: nil, limit: 1000)
            try await self.service.settle(
                tasks.map { TaskSettlement(task: $0, outcome: .done(attributesStamp: 0)) }, lane: self.lane)
        }

        func month() async throws -> ReplicationMonthRecord {
            try #require(try await self.service.attainmentReport(month: nil, rule: nil).first).record
        }
    }

    @Test("R-01: operations that miss their time count once, whatever became of the commit", arguments: [true, false])
    func missed(made: Bool) async throws {
        let world = try await World()
        try await world.put(["a", "b"])
        world.clock.advance(by: .seconds(900))
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.service.missDeadlines() }
        #expect(try await world.service.missDeadlines() == (made ? 0 : 2))
        #expect(try await world.month().missed == 2)
        world.clock.advance(by: .milliseconds(1))
        try await world.settleAll()
        let month = try await world.month()
        #expect(month.missed == 2)
        #expect(month.completed == 2)
        #expect(month.within == 0)
    }

    @Test("R-01: they count, too, that are settled before the store is asked", arguments: [true, false])
    func settled(made: Bool) async throws {
        let world = try await World()
        try await world.put(["a", "b"])
        world.clock.advance(by: .seconds(900))
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.service.missDeadlines() }
        try await world.settleAll()
        #expect(try await world.service.missDeadlines() == 0)
        #expect(try await world.month().missed == 2)
    }

    @Test("R-01: or before the error of the commit comes")
    func settledBeforeItsError() async throws {
        let world = try await World()
        try await world.put(["a", "b"])
        world.clock.advance(by: .seconds(900))
        world.store.failNextCommit(made: true) {
            await #expect(throws: Never.self) { try await world.settleAll() }
        }
        await #expect(throws: S3Error.self) { try await world.service.missDeadlines() }
        #expect(try await world.service.missDeadlines() == 0)
        #expect(try await world.month().missed == 2)
    }

    @Test("R-01: what a month holds is added once, whatever became of the commit", arguments: [true, false])
    func stored(made: Bool) async throws {
        let world = try await World()
        try await world.put(["a", "b", "c"])
        try await world.settleAll()
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.service.attainment.store(in: world.store) }
        try await world.put(["d"])
        try await world.settleAll()
        #expect(try await world.month().completed == 4)
        #expect(try await world.month().completed == 4)
    }
}
