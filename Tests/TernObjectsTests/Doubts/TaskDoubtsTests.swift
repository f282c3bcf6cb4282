import TernCore
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@testable import TernObjects

@Suite("Tasks of which nobody knows whether they were committed")
struct TaskDoubtsTests {
    /// A process over a store that fails on demand, with a bucket that replicates.
    private struct World {
        let region: TestRegion
        let store: UncertainStore
        let service: ObjectService
        let lane: LaneID

        init(maximumDoubts: Int = 10_000) async throws {
            self.region = TestRegion("us-east-1", clock: ManualClock(), seed: 21)
            for name in ["src", "dst"] { try await self.region.makeBucket(name) }
            try await self.region.replicate("src", to: ["dst"])
            let bucket = try await self.region.service.registry.state("src")
            self.lane = LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
            self.store = UncertainStore(self.region.metadata)
            var options = ObjectService.Options()
            options.maximumDoubts = maximumDoubts
            self.service = self.region.service(over: self.store, options: options)
        }

        func put(_ key: String, byteCount: Int = 1) async throws {
            try await self.region.put(
                key, in: "src", bytes: [UInt8](repeating: 1, count: byteCount), by: self.service)
        }

        func tasks() async throws -> [StoredTask] {
            try await self.service.outbox.tasks(of: self.lane, from: nil, limit: 1000)
        }

        func settleAll() async throws {
            let outcome = TaskOutcome.done(attributesStamp: 0)
            try await self.service.settle(
                try await self.tasks().map { TaskSettlement(task: $0, outcome: outcome) }, lane: self.lane)
        }

        func expectTrueCounts(operations: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws {
            try await self.region.expectTrueCounts(
                of: self.service, operations: operations, sourceLocation: sourceLocation)
        }
    }

    @Test("M-03: they count as the store has them, once it has answered", arguments: [true, false])
    func resolved(made: Bool) async throws {
        let world = try await World()
        try await world.put("known", byteCount: 3)
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.put("doubted", byteCount: 5) }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(operations: made ? 2 : 1)
    }

    @Test("M-03: a task that is settled before the error of its commit comes is not counted twice")
    func settledBeforeItsError() async throws {
        let world = try await World()
        world.store.failNextCommit(made: true) {
            await #expect(throws: Never.self) { try await world.settleAll() }
        }
        await #expect(throws: S3Error.self) { try await world.put("k") }
        #expect(try await world.tasks().isEmpty)
        try await world.expectTrueCounts(operations: 0)
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(operations: 0)
    }

    @Test("M-03: nor is one that is moved before the error of its commit comes")
    func movedBeforeItsError() async throws {
        let world = try await World()
        world.store.failNextCommit(made: true) {
            await #expect(throws: Never.self) {
                let moves = try await world.tasks().map {
                    Postponement(task: $0, until: $0.due + .seconds(60), error: "down")
                }
                try await world.service.outbox.postpone(moves, lane: world.lane)
            }
        }
        await #expect(throws: S3Error.self) { try await world.put("k") }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(operations: 1)
    }

    @Test("Invariant 8: however many writes fail, few doubts are noted, and the counts are true in the end")
    func many() async throws {
        let world = try await World(maximumDoubts: 8)
        world.store.failEveryCommit { $0.isMultiple(of: 3) }
        for number in 0..<50 {
            await #expect(throws: S3Error.self) { try await world.put("k\(number)", byteCount: number + 1) }
        }
        #expect(world.service.outbox.doubts.count == 8)
        world.store.recover()
        try await world.put("known")
        #expect(world.service.outbox.doubts.count < 8)
        try await world.service.resolveDoubts()
        #expect(world.service.outbox.doubts.isEmpty)
        try await world.expectTrueCounts(operations: 4)
    }

    @Test("A lane that is forgotten has no count, whatever is found out about its tasks", arguments: [true, false])
    func forgotten(made: Bool) async throws {
        let world = try await World()
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.put("k") }
        world.service.outbox.forget(world.lane)
        try await world.service.resolveDoubts()
        #expect(world.service.outbox.pending.isEmpty)
    }
}
