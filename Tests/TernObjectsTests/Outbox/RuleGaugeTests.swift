import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Gauges of replication")
struct RuleGaugeTests {
    /// What the rows of the outbox say of each rule.
    private struct Recount: Equatable {
        var operations: Int64 = 0
        var bytes: Int64 = 0
        var oldest: Int64?
    }

    private func recount(_ region: TestRegion, _ lane: LaneID) async throws -> Recount {
        var recount = Recount()
        for task in try await region.service.outbox.tasks(of: lane, from: nil, limit: 100_000) {
            recount.operations += 1
            recount.bytes += task.record.byteCount
            recount.oldest = min(recount.oldest ?? .max, task.record.requestMs)
        }
        return recount
    }

    @Test("M-01 to M-03, M-08, M-09: the gauges equal a recount of the outbox at all times", arguments: 0..<8)
    func equalsRecount(seed: UInt64) async throws {
        let clock = ManualClock()
        let random = SeededRandom(seed: seed)
        var region = TestRegion("us-east-1", clock: clock, seed: seed)
        for name in ["src", "dst", "other"] { try await region.makeBucket(name) }
        try await region.replicate("src", to: ["dst", "other"], hasMetrics: true)
        let bucketID = try await region.service.registry.state("src").record.bucketID
        let lanes = ["dst", "other"].map {
            LaneID(sourceBucket: "src", sourceBucketID: bucketID, destinationBucket: $0)
        }
        for step in 0..<120 {
            clock.advance(by: .milliseconds(Int64(random.next() % 5000)))
            let key = try ObjectKey("k\(random.next() % 5)")
            let lane = lanes[Int(random.next() % 2)]
            switch random.next() % 10 {
            case 0...3:
                try await region.put(
                    key.description, in: "src", bytes: [UInt8](repeating: 1, count: Int(random.next() % 100)))
            case 4:
                _ = try? await region.service.setTags([Tag(key: "a", value: "\(step)")], of: nil, key: key, in: "src")
            case 5:
                _ = try await region.service.deleteCurrent(key, in: "src", condition: .none)
            case 6:
                let tasks = try await region.service.outbox.tasks(of: lane, from: nil, limit: 100)
                try await region.service.outbox.postpone(
                    tasks.prefix(2).map { Postponement(task: $0, until: clock.now + .seconds(60), error: "away") },
                    lane: lane)
            case 7 where random.next() % 3 == 0:
                region = region.restarted()
                try await region.service.outbox.rebuild(from: region.service.registry)
            default:
                let tasks = try await region.service.outbox.tasks(of: lane, from: nil, limit: 100)
                let settled = tasks.filter { _ in random.next() % 2 == 0 }.map { task in
                    TaskSettlement(
                        task: task,
                        outcome: random.next() % 3 == 0
                            ? .refused(.dstBucketNotFound) : .done(attributesStamp: .max))
                }
                try await region.service.settle(settled, lane: lane)
            }
            let gauges = try await region.service.ruleGauges()
            #expect(gauges.count == 2)
            for lane in lanes {
                let expected = try await self.recount(region, lane)
                let gauge = try #require(gauges.first { $0.rule.destinationBucket == lane.destinationBucket })
                #expect(gauge.operations == expected.operations)
                #expect(gauge.bytes == expected.bytes)
                let age = expected.oldest.map { Double(clock.now.milliseconds - $0) / 1000 } ?? 0
                #expect(gauge.latency == age)
                #expect(gauge.rule.ruleID == "to-\(lane.destinationBucket)")
            }
        }
    }

    @Test("M-12: a version with two destinations counts once for each rule, while it waits and when it ends")
    func oncePerRule() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 1)
        for name in ["src", "dst", "other"] { try await region.makeBucket(name) }
        try await region.replicate("src", to: ["dst", "other"], hasMetrics: true)
        let finished = FinishedOperations()
        region.service.outbox.observe { settled in finished.record(settled) }
        try await region.put("k", in: "src", bytes: [1, 2, 3])
        let gauges = try await region.service.ruleGauges()
        #expect(gauges.map(\.rule.ruleID) == ["to-dst", "to-other"])
        #expect(gauges.map(\.operations) == [1, 1] && gauges.map(\.bytes) == [3, 3])
        for gauge in gauges {
            let lane = LaneID(
                sourceBucket: "src", sourceBucketID: try await region.service.registry.state("src").record.bucketID,
                destinationBucket: gauge.rule.destinationBucket)
            let task = try #require(try await region.service.outbox.tasks(of: lane, from: nil, limit: 10).first)
            try await region.service.settle(
                [TaskSettlement(task: task, outcome: .done(attributesStamp: 0))], lane: lane)
        }
        #expect(finished.take().mapValues(\.succeeded) == [gauges[0].rule: 1, gauges[1].rule: 1])
    }

    @Test(
        "M-05, M-06: only enabled rules with metrics have gauges; M-01: without its bucket, a destination has no region"
    )
    func rules() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 1)
        for name in ["src", "dst"] { try await region.makeBucket(name) }
        try await region.replicate("src", to: ["dst"])
        #expect(try await region.service.ruleGauges().isEmpty)
        try await region.replicate("src", to: ["dst", "gone"], hasMetrics: true)
        let gauges = try await region.service.ruleGauges()
        #expect(gauges.map(\.rule.destinationBucket) == ["dst", "gone"])
        #expect(gauges.map(\.destinationRegion) == [RegionName("us-east-1"), nil])
        #expect(gauges.allSatisfy { $0.account == TestRegion.account && $0.latency == 0 && $0.operations == 0 })
    }

    @Test(
        "M-04, M-06, M-09, M-11, M-14: ends are counted, failures apart; tags that stay behind are none, changes of attributes that fail are, and untracked ones do not count"
    )
    func finished() {
        func settled(_ outcome: TaskOutcome, kind: TaskRecord.Kind = .object, metrics: Bool = true) -> SettledTask {
            var task = TaskRecord()
            task.ruleID = "r"
            task.kind = kind
            task.metricsEnabled = metrics
            return SettledTask(
                lane: LaneID(sourceBucket: "src", sourceBucketID: 1, destinationBucket: "dst"), task: task,
                outcome: outcome, time: Timestamp(seconds: 1))
        }
        let finished = FinishedOperations()
        finished.record([
            settled(.done(attributesStamp: 0)), settled(.done(attributesStamp: 0), kind: .deleteMarker),
            settled(.done(attributesStamp: 0, withoutTags: .srcGetTaggingNotPermitted)),
            settled(.refused(.dstBucketNotFound)),
            settled(.refused(.dstVersionNotFound), kind: .tags), settled(.refused(.dstVersionNotFound), kind: .acl),
            settled(.cancelled(reason: "gone")), settled(.refused(.dstBucketNotFound), metrics: false),
        ])
        let rule = MeasuredRule(sourceBucket: "src", destinationBucket: "dst", ruleID: "r")
        #expect(finished.take() == [rule: FinishedOperations.Count(succeeded: 3, failed: 3)])
        #expect(finished.take().isEmpty)
    }
}
