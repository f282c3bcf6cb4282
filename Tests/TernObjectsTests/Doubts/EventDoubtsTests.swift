import Synchronization
import TernCore
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@testable import TernObjects

@Suite("Events of which nobody knows what became of them (TGT-1)")
struct EventDoubtsTests {
    private static let queue = "arn:aws:sqs:us-east-1:111111111111:q"
    private static let now = Timestamp(milliseconds: 99_000)

    /// A process over a store that fails on demand, with a bucket whose events go to a queue.
    private struct World {
        let region: TestRegion
        let store: UncertainStore
        let service: ObjectService
        let lane: EventLane

        init(maximumDoubts: Int = 10_000) async throws {
            self.region = TestRegion("us-east-1", clock: ManualClock(), seed: 31)
            try await self.region.makeBucket("bkt")
            let text =
                "<NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>\(EventDoubtsTests.queue)</Queue>"
                + "<Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event></QueueConfiguration>"
                + "</NotificationConfiguration>"
            let configuration = try NotificationConfigurationXML(decoding: Array(text.utf8)) { "id" }
            try await self.region.service.setNotifications(configuration, of: "bkt", cause: .server)
            let bucket = try await self.region.service.registry.state("bkt")
            self.lane = EventLane(partition: bucket.partition, target: EventDoubtsTests.queue)
            self.store = UncertainStore(self.region.metadata)
            var options = ObjectService.Options()
            options.maximumDoubts = maximumDoubts
            options.eventTargets[NotificationRules.eventBridgeTarget] = .some(nil)
            self.service = self.region.service(over: self.store, options: options)
            try await self.service.events.rebuild()
            // The test message of the configuration is out of the way.
            try await self.settleAll(.delivered)
        }

        func put(_ keys: String...) async throws {
            for key in keys { try await self.region.put(key, in: "bkt", bytes: [1], by: self.service) }
        }

        func events() async throws -> [StoredEvent] {
            try await self.service.events.page(
                of: self.lane, from: nil, before: HybridTimestamp(rawValue: .max), limit: 1000
            ).events
        }

        func settle(_ outcomes: [(event: StoredEvent, outcome: EventOutcome)]) async throws {
            try await self.service.events.settle(outcomes, of: self.lane, at: EventDoubtsTests.now)
        }

        func settleAll(_ outcome: EventOutcome) async throws {
            try await self.settle(try await self.events().map { ($0, outcome) })
        }

        /// The counts are those that another process would find in the rows.
        func expectTrueCounts(
            pending: Int, dead: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let recount = self.region.service(over: self.region.metadata).events
            try await recount.rebuild()
            #expect(self.service.events.counts == recount.counts, sourceLocation: sourceLocation)
            let count = self.service.events.counts[self.lane] ?? EventCount()
            #expect(count.pending == pending && count.dead == dead, sourceLocation: sourceLocation)
        }
    }

    @Test("An event whose commit nobody knows of counts as the store has it", arguments: [true, false])
    func added(made: Bool) async throws {
        let world = try await World()
        try await world.put("a")
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.put("b") }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: made ? 2 : 1)
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) {
            _ = try await world.service.deleteCurrent(try ObjectKey("a"), in: "bkt", condition: .none)
        }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: made ? 3 : 1)
    }

    @Test("Whoever sends it is woken when it turns out to be there", arguments: [true, false])
    func woken(made: Bool) async throws {
        let world = try await World()
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.put("a") }
        let rung = Mutex<[EventLane]>([])
        world.service.events.listen { lane, due in if due > .zero { rung.withLock { $0.append(lane) } } }
        try await world.service.resolveDoubts()
        #expect(rung.withLock { $0 } == (made ? [world.lane] : []))
    }

    @Test("An event that is sent before anybody asks about it, or before the error of its commit comes, counts once")
    func sentEarly() async throws {
        let world = try await World()
        world.store.failNextCommit(made: true)
        await #expect(throws: S3Error.self) { try await world.put("a") }
        try await world.settleAll(.delivered)
        try await world.expectTrueCounts(pending: 0)
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: 0)
        world.store.failNextCommit(made: true) {
            await #expect(throws: Never.self) { try await world.settleAll(.delivered) }
        }
        await #expect(throws: S3Error.self) { try await world.put("b") }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: 0)
    }

    @Test("What became of events counts as the store has it, at the next attempt", arguments: [true, false])
    func settled(made: Bool) async throws {
        let world = try await World()
        try await world.put("a", "b", "c", "d")
        let events = try await world.events()
        let outcomes: [(event: StoredEvent, outcome: EventOutcome)] = [
            (events[0], .delivered), (events[1], .gaveUp("no")), (events[2], .failed("later", notBefore: Self.now)),
        ]
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { try await world.settle(outcomes) }
        try await world.settle(outcomes)
        try await world.expectTrueCounts(pending: 2, dead: 1)
        try await world.settleAll(.delivered)
        try await world.expectTrueCounts(pending: 0, dead: 1)
    }

    @Test("And without one, once the store has answered", arguments: [true, false])
    func settledWithoutNext(made: Bool) async throws {
        let world = try await World()
        try await world.put("a", "b")
        let events = try await world.events()
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) {
            try await world.settle([(events[0], .delivered), (events[1], .gaveUp("no"))])
        }
        // A worker that finds nothing there settles nothing.
        try await world.settle([])
        try await world.expectTrueCounts(pending: made ? 0 : 2, dead: made ? 1 : 0)
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: made ? 0 : 2, dead: made ? 1 : 0)
    }

    @Test("Dead letters that were taken up again, too", arguments: [true, false])
    func redriven(made: Bool) async throws {
        let world = try await World()
        try await world.put("a", "b", "c")
        try await world.settleAll(.gaveUp("no"))
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) {
            _ = try await world.service.events.redrive(world.lane, at: Self.now)
        }
        if made {
            // They are given up again at the same moment, before anybody has asked.
            try await world.settleAll(.gaveUp("no"))
            try await world.expectTrueCounts(pending: 0, dead: 3)
        }
        #expect(try await world.service.events.redrive(world.lane, at: Self.now) == 3)
        try await world.expectTrueCounts(pending: 3)
    }

    @Test("Also where one is given up and taken up again before the error comes, all at one moment")
    func redrivenBeforeTheError() async throws {
        let world = try await World()
        try await world.put("a")
        try await world.settleAll(.gaveUp("no"))
        _ = try await world.service.events.redrive(world.lane, at: Self.now)
        world.store.failNextCommit(made: true) {
            await #expect(throws: Never.self) {
                _ = try await world.service.events.redrive(world.lane, at: Self.now)
            }
        }
        await #expect(throws: S3Error.self) { try await world.settleAll(.gaveUp("no")) }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: 1)
    }

    @Test("And those that were forgotten", arguments: [true, false])
    func discarded(made: Bool) async throws {
        let world = try await World()
        try await world.put("a", "b", "c")
        try await world.settleAll(.gaveUp("no"))
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) { _ = try await world.service.events.discardDead(of: world.lane) }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: 0, dead: made ? 0 : 3)
    }

    @Test("Events of jobs, too", arguments: [true, false])
    func jobs(made: Bool) async throws {
        let world = try await World()
        var record = JobEventRecord()
        record.jobID = "j"
        let row = try #require(try world.service.jobEvent(record, of: TestRegion.account))
        var batch = MetadataBatch(partition: .directory)
        batch.put(row.key, row.value)
        world.store.failNextCommit(made: made)
        await #expect(throws: S3Error.self) {
            _ = try await world.service.addJobEvents([row]) { () throws(S3Error) in
                try await world.store.tryCommit(batch)
            }
        }
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: 0)
        #expect(world.service.events.counts.values.map(\.pending) == (made ? [1] : []))
    }

    @Test("Invariant 8: however many writes fail, few doubts are noted, and the counts are true in the end")
    func many() async throws {
        let world = try await World(maximumDoubts: 8)
        world.store.failEveryCommit { $0.isMultiple(of: 3) }
        for number in 0..<50 { await #expect(throws: S3Error.self) { try await world.put("k\(number)") } }
        #expect(world.service.events.doubts.count == 8)
        world.store.recover()
        try await world.put("known")
        try await world.service.resolveDoubts()
        try await world.expectTrueCounts(pending: 4)
    }
}
