import Synchronization
import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Outcomes whose commit nobody knows of")
struct SettlementDoubtsTests {
    /// A process over a store that fails on demand, with tasks in its outbox.
    private struct World {
        let region: TestRegion
        let store: UncertainStore
        let service: ObjectService
        let lane: LaneID
        let told: Told

        init(keys: Int) async throws {
            self.region = TestRegion("us-east-1", clock: ManualClock(), seed: 11)
            for name in ["src", "dst"] { try await self.region.makeBucket(name) }
            try await self.region.replicate("src", to: ["dst"], hasMetrics: true)
            for key in 0..<keys {
                try await self.region.put("k\(key)", in: "src", bytes: [UInt8](repeating: 1, count: key + 1))
            }
            let bucket = try await self.region.service.registry.state("src")
            self.lane = LaneID(
                sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
            self.store = UncertainStore(self.region.metadata)
            self.service = self.region.service(over: self.store)
            try await self.service.outbox.rebuild(from: self.service.registry)
            let told = Told()
            self.told = told
            self.service.outbox.observe { told.take($0) }
        }

        func tasks() async throws -> [StoredTask] {
            try await self.service.outbox.tasks(of: self.lane, from: nil, limit: 1000)
        }

        func settle(_ tasks: [StoredTask]) async throws {
            let outcome = TaskOutcome.done(attributesStamp: 0)
            try await self.service.settle(tasks.map { TaskSettlement(task: $0, outcome: outcome) }, lane: self.lane)
        }

        /// Settles without being told what came of it, and again, as a lane does.
        func settle(_ tasks: [StoredTask], made: Bool) async throws {
            self.store.failNextCommit(made: made)
            await #expect(throws: S3Error.self) { try await self.settle(tasks) }
            try await self.settle(tasks)
        }

        func expectTrueCounts(operations: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws {
            try await self.region.expectTrueCounts(
                of: self.service, operations: operations, sourceLocation: sourceLocation)
        }
    }

    private final class Told: Sendable {
        private let outcomes = Mutex<[SettledTask]>([])
        func take(_ settled: [SettledTask]) { self.outcomes.withLock { $0 += settled } }
        var keys: [String] {
            self.outcomes.withLock { $0.map { String(decoding: $0.task.key, as: UTF8.self) }.sorted() }
        }
    }

    @Test("M-03: the counts are those of a recount, and each outcome is told once", arguments: [true, false])
    func settled(made: Bool) async throws {
        let world = try await World(keys: 3)
        let tasks = try await world.tasks()
        try await world.settle(Array(tasks.prefix(2)), made: made)
        try await world.expectTrueCounts(operations: 1)
        #expect(world.told.keys == ["k0", "k1"])
        try await world.settle(Array(tasks.suffix(1)), made: made)
        try await world.expectTrueCounts(operations: 0)
        #expect(world.told.keys == ["k0", "k1", "k2"])
    }

    @Test("M-03: also where the lane settles others first", arguments: [true, false])
    func settledBesideOthers(made: Bool) async throws {
        let world = try await World(keys: 4)
        let tasks = try await world.tasks()
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.settle(Array(tasks.prefix(2))) }
        try await world.settle(Array(tasks.suffix(1)))
        try await world.expectTrueCounts(operations: made ? 1 : 3)
        try await world.settle(tasks)
        try await world.expectTrueCounts(operations: 0)
        #expect(world.told.keys == ["k0", "k1", "k2", "k3"])
    }

    @Test("M-03: also where it was not known whether the task itself was committed", arguments: [true, false])
    func doubtedTask(made: Bool) async throws {
        let world = try await World(keys: 1)
        try await world.settle(try await world.tasks())
        world.store.failNextCommit(made: true)
        await #expect(throws: S3Error.self) {
            _ = try await world.service.setTags(
                [Tag(key: "a", value: "b")], of: nil, key: try ObjectKey("k0"), in: "src")
        }
        let tasks = try await world.tasks()
        #expect(tasks.count == 1)
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.settle(tasks) }
        try await world.service.resolveDoubts()
        try await world.settle(tasks)
        try await world.expectTrueCounts(operations: 0)
    }

    @Test("M-03: also where a task was moved, and nobody knows", arguments: [true, false])
    func moved(made: Bool) async throws {
        let world = try await World(keys: 1)
        let tasks = try await world.tasks()
        let moves = tasks.map { Postponement(task: $0, until: $0.due + .seconds(60), error: "down") }
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.service.outbox.postpone(moves, lane: world.lane) }
        try await world.service.resolveDoubts()
        try await world.service.outbox.postpone(moves, lane: world.lane)
        try await world.expectTrueCounts(operations: 1)
        try await world.settle(try await world.tasks())
        try await world.expectTrueCounts(operations: 0)
    }
}
