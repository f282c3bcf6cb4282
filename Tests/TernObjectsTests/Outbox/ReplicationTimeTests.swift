import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Replication time")
struct ReplicationTimeTests {
    let clock = ManualClock()

    private static let notifications = """
        <NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>arn:aws:sqs:us-east-1:111111111111:q</Queue>\
        <Event>s3:Replication:*</Event></QueueConfiguration></NotificationConfiguration>
        """

    private func makeRegion(hasTimeControl: Bool = true) async throws -> (TestRegion, LaneID) {
        let region = TestRegion("us-east-1", clock: self.clock, seed: 3)
        try await region.makeBucket("src")
        try await region.makeBucket("dst")
        try await region.replicate("src", to: ["dst"], hasMetrics: true, hasTimeControl: hasTimeControl)
        try await region.service.setDocument(.notification, Array(Self.notifications.utf8), of: "src")
        let bucket = try await region.service.registry.state("src")
        return (
            region,
            LaneID(
                sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst", traffic: .timed)
        )
    }

    private func settle(_ region: TestRegion, _ lane: LaneID, _ outcome: TaskOutcome) async throws {
        let tasks = try await region.service.outbox.tasks(of: lane, from: nil, limit: 1000)
        try await region.service.settle(tasks.map { TaskSettlement(task: $0, outcome: outcome) }, lane: lane)
    }

    /// The types of the events of replication time that wait, in the order of their stamps.
    private func events(_ region: TestRegion) async throws -> [S3EventType] {
        let bucket = try await region.service.registry.state("src")
        let rows = try await region.metadata.scan(Keyspace.table(.event), in: bucket.partition, limit: 1000)
        let types: [S3EventType] = try rows.compactMap { row in
            let record: EventRecord = try decodeRecord(row.value)
            return S3EventType(rawValue: UInt8(record.type))
        }
        return types.filter {
            [.replicationMissedThreshold, .replicationReplicatedAfterThreshold, .replicationNotTracked].contains($0)
        }
    }

    @Test("R-07, R-11: the threshold passes 15 minutes after the request, and is told of once, also across restarts")
    func missedOnce() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        self.clock.advance(by: .seconds(899))
        // That it is tried again later has nothing to do with its deadline.
        let task = try #require(try await region.service.outbox.tasks(of: lane, from: nil, limit: 1).first)
        try await region.service.outbox.postpone(
            [Postponement(task: task, until: self.clock.now + .seconds(60), error: "away")], lane: lane)
        #expect(try await region.service.missDeadlines() == 0)
        self.clock.advance(by: .seconds(1))

        let restarted = region.restarted()
        try await restarted.service.outbox.rebuild(from: restarted.service.registry)
        #expect(try await restarted.service.missDeadlines() == 1)
        #expect(try await restarted.service.missDeadlines() == 0)
        let again = region.restarted()
        try await again.service.outbox.rebuild(from: again.service.registry)
        #expect(try await again.service.missDeadlines() == 0)
        #expect(try await self.events(again) == [.replicationMissedThreshold])
        #expect(again.pendingOperations == 1)

        self.clock.advance(by: .milliseconds(1))
        try await self.settle(again, lane, .done(attributesStamp: 0))
        #expect(try await self.events(again) == [.replicationMissedThreshold, .replicationReplicatedAfterThreshold])
        #expect(try await again.rowCount(.deadline, in: "src") == 0)
    }

    @Test("R-11: many operations of one moment are all told of")
    func many() async throws {
        let (region, _) = try await self.makeRegion()
        for index in 0..<450 { try await region.put("k\(index)", in: "src", bytes: [1]) }
        self.clock.advance(by: .seconds(10))
        try await region.put("later", in: "src", bytes: [1])
        self.clock.advance(by: .seconds(890))
        #expect(try await region.service.missDeadlines() == 450)
        self.clock.advance(by: .seconds(10))
        #expect(try await region.service.missDeadlines() == 1)
    }

    @Test("R-12: never without R-11, also where the outcome is faster than the timer")
    func afterwards() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        self.clock.advance(by: .seconds(901))
        try await self.settle(region, lane, .done(attributesStamp: 0))
        #expect(try await self.events(region) == [.replicationMissedThreshold, .replicationReplicatedAfterThreshold])
        #expect(try await region.service.missDeadlines() == 0)
    }

    @Test("R-15: an operation that fails after the threshold has missed it, and is not told to be replicated")
    func failedAfterwards() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        self.clock.advance(by: .seconds(901))
        #expect(try await region.service.missDeadlines() == 1)
        try await self.settle(region, lane, .refused(.dstBucketNotFound))
        #expect(try await self.events(region) == [.replicationMissedThreshold])
        #expect(try await region.rowCount(.deadline, in: "src") == 0)
    }

    @Test("R-16: nothing is told of an operation within its time, and nothing is left of its deadline")
    func within() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        #expect(try await region.rowCount(.deadline, in: "src") == 1)
        self.clock.advance(by: .seconds(899))
        try await self.settle(region, lane, .done(attributesStamp: 0))
        self.clock.advance(by: .seconds(899))
        #expect(try await region.service.missDeadlines() == 0)
        #expect(try await self.events(region).isEmpty)
        #expect(try await region.rowCount(.deadline, in: "src") == 0)
    }

    @Test("R-02, R-03, R-04, L-38: rules without replication time, and delete markers, have no deadline")
    func untimed() async throws {
        let (region, _) = try await self.makeRegion(hasTimeControl: false)
        try await region.put("k", in: "src", bytes: [1])
        #expect(try await region.rowCount(.deadline, in: "src") == 0)
        try await region.replicate("src", to: ["dst"], hasTimeControl: true)
        _ = try await region.service.deleteCurrent(try ObjectKey("k"), in: "src", condition: .none)
        #expect(try await region.rowCount(.deadline, in: "src") == 0)
    }

    @Test("R-13: what passes its threshold when its rule has gone is not tracked any more")
    func untracked() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        try await region.replicate("src", to: ["dst"], hasMetrics: true)
        self.clock.advance(by: .seconds(900))
        #expect(try await region.service.missDeadlines() == 0)
        #expect(try await self.events(region) == [.replicationNotTracked])
        try await self.settle(region, lane, .done(attributesStamp: 0))
        #expect(try await self.events(region) == [.replicationNotTracked])
    }

    @Test("R-01: the attainment of a month counts what came in time, what missed it, and the slowest")
    func attainment() async throws {
        let (region, lane) = try await self.makeRegion()
        for seconds in [1, 2, 1000] {
            try await region.put("after-\(seconds)", in: "src", bytes: [1, 2])
            self.clock.advance(by: .seconds(seconds))
            try await region.service.missDeadlines()
            try await self.settle(region, lane, .done(attributesStamp: 0))
        }
        try await region.put("failed", in: "src", bytes: [1])
        try await self.settle(region, lane, .refused(.dstBucketNotFound))
        try await region.put("waiting", in: "src", bytes: [1])
        self.clock.advance(by: .seconds(900))
        try await region.service.missDeadlines()
        try await region.service.attainment.store(in: region.metadata)
        try await region.service.attainment.store(in: region.metadata)

        let months = try await region.service.attainmentReport(month: nil, rule: nil)
        let month = try #require(months.first)
        #expect(months.count == 1)
        #expect(month.month == "202311")
        #expect(month.record.timeControl)
        #expect(month.record.completed == 3)
        #expect(month.record.within == 2)
        #expect(month.record.missed == 2)
        #expect(month.record.failed == 1)
        #expect(month.record.bytes == 6)
        #expect(
            month.record.slowest.map { String(decoding: $0.key, as: UTF8.self) } == [
                "after-1000", "after-2", "after-1",
            ])
        #expect(month.lags.maximum == 1_000_000)
        #expect(month.attained == 0.5)
    }
}

@Suite("Ages of what waits")
struct PendingAgesTests {
    @Test(
        "M-08: the oldest is exact to a 64th of its age and 0.1 s, never too young, whatever the order",
        arguments: 0..<20)
    func random(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        var ages = PendingAges()
        var waiting: [Int64] = []
        var now: Int64 = 1_700_000_000_000
        for _ in 0..<20_000 {
            now += Int64(random.next() % 400)
            if random.next() % 100 < 55 {
                let requested = now - Int64(random.next() % 3000)
                waiting.append(requested)
                ages.add(Timestamp(milliseconds: requested))
            } else if !waiting.isEmpty {
                // Mostly the oldest first, now and then any.
                let index = random.next() % 10 == 0 ? Int(random.next() % UInt64(waiting.count)) : 0
                ages.remove(Timestamp(milliseconds: waiting.remove(at: index)))
            }
        }
        let oldest = waiting.min()
        #expect((oldest == nil) == (ages.oldest == nil))
        if let oldest, let told = ages.oldest?.milliseconds {
            #expect(told <= oldest)
            #expect(oldest - told <= max(100, (now - oldest) / 32))
        }
        for requested in waiting.reversed() { ages.remove(Timestamp(milliseconds: requested)) }
        #expect(ages == PendingAges())
    }

    @Test("M-08: an operation that is done before it was counted leaves nothing behind")
    func removedFirst() {
        var ages = PendingAges()
        ages.remove(Timestamp(milliseconds: 5))
        #expect(ages.oldest == nil)
        ages.add(Timestamp(milliseconds: 5))
        #expect(ages == PendingAges())
    }
}
