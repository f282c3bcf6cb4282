import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Settling of tasks")
struct SettleTasksTests {
    let clock = ManualClock()

    func makeRegion() async throws -> (TestRegion, LaneID) {
        let region = TestRegion("us-east-1", clock: self.clock, seed: 3)
        try await region.makeBucket("src")
        try await region.makeBucket("dst")
        try await region.replicate("src", to: ["dst"])
        let bucket = try await region.service.registry.state("src")
        return (region, LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst"))
    }

    func tasks(_ region: TestRegion, _ lane: LaneID) async throws -> [StoredTask] {
        try await region.service.outbox.tasks(of: lane, from: nil, limit: 1000)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var rule: String
        /// Outcomes of the object's task and of the tags' task, in the order in which they are settled.
        var outcomes: [(isTags: Bool, outcome: TaskOutcome)]
        var data: DestinationState.Status
        var tags: DestinationState.Status
        var reason: String
        var testDescription: String { self.rule }
    }

    static let later = UInt64.max

    @Test(
        "Each outcome settles its own component",
        arguments: [
            Row(
                rule: "T-06: both done",
                outcomes: [(false, .done(attributesStamp: 0)), (true, .done(attributesStamp: 0))],
                data: .completed, tags: .completed, reason: ""),
            Row(
                rule: "T-08: data refused, tags waiting", outcomes: [(false, .refused(.dstBucketNotFound))],
                data: .failed, tags: .pending, reason: "DstBucketNotFound"),
            Row(
                rule: "T-13: later tags do not clear failed data",
                outcomes: [(false, .refused(.dstBucketUnversioned)), (true, .done(attributesStamp: 0))],
                data: .failed, tags: .completed, reason: "DstBucketUnversioned"),
            Row(
                rule: "F-18: tags refused",
                outcomes: [(false, .done(attributesStamp: 0)), (true, .refused(.dstVersionNotFound))],
                data: .completed, tags: .failed, reason: "DstVersionNotFound"),
        ])
    func components(_ row: Row) async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        _ = try await region.service.setTags([Tag(key: "a", value: "b")], of: nil, key: try ObjectKey("k"), in: "src")
        let tasks = try await self.tasks(region, lane)
        #expect(tasks.count == 2)
        for (isTags, outcome) in row.outcomes {
            let task = try #require(tasks.first { ($0.record.kind == .tags) == isTags })
            try await region.service.settle([TaskSettlement(task: task, outcome: outcome)], lane: lane)
        }
        let state = try #require(try await region.stack("k", in: "src").first?.destinations.first)
        #expect(state.data == row.data)
        #expect(state.tags == row.tags)
        #expect(state.failureReason == row.reason)
        #expect(region.pendingOperations == Int64(2 - row.outcomes.count))
    }

    @Test("T-12: an outcome that changes nothing in a version as it was read before is settled in the version as it is")
    func outdatedReading() async throws {
        let (region, lane) = try await self.makeRegion()
        let key = try ObjectKey("k")
        func setTags(_ value: String) async throws -> StoredTask {
            _ = try await region.service.setTags([Tag(key: "a", value: value)], of: nil, key: key, in: "src")
            return try #require(try await self.tasks(region, lane).last)
        }
        func settle(_ task: StoredTask, readAs version: StoredVersion? = nil) async throws {
            let outcome = TaskOutcome.done(attributesStamp: task.record.attributeStamp)
            try await region.service.settle(
                [TaskSettlement(task: task, outcome: outcome, version: version)], lane: lane)
        }
        try await region.put("k", in: "src", bytes: [1])
        try await settle(try #require(try await self.tasks(region, lane).first))
        try await settle(try await setTags("1"))
        let bucket = try await region.service.registry.state("src")
        let outdated = try #require(try await region.service.head(key, in: bucket))
        #expect(outdated.record.destinations.first?.tags == .completed)

        self.clock.advance(by: .seconds(1))
        try await settle(try await setTags("2"), readAs: outdated)
        #expect(try await self.tasks(region, lane).isEmpty)
        #expect(try await region.stack("k", in: "src").first?.destinations.first?.tags == .completed)
    }

    /// Changes each attribute of a locked version once, and returns their tasks by kind.
    private func changeAll(_ region: TestRegion, _ lane: LaneID) async throws -> [TaskRecord.Kind: StoredTask] {
        let key = try ObjectKey("k")
        let service = region.service
        _ = try await service.setTags([Tag(key: "a", value: "1")], of: nil, key: key, in: "src")
        _ = try await service.changeAttribute(.acl, of: nil, key: key, in: "src") { record, _ throws(S3Error) in
            record.acl.grants = [AclGrant()]
        }
        let until = Timestamp(seconds: self.clock.now.seconds + 86400)
        _ = try await service.changeAttribute(.retention, of: nil, key: key, in: "src") { record, _ throws(S3Error) in
            record.retention = Retention(mode: .governance, until: until)
        }
        _ = try await service.changeAttribute(.legalHold, of: nil, key: key, in: "src") { record, _ throws(S3Error) in
            record.legalHold = .on
        }
        return Dictionary(uniqueKeysWithValues: try await self.tasks(region, lane).map { ($0.record.kind, $0) })
    }

    @Test("T-06, T-07, T-12, T-13, R-23: every attribute has a task and a state of its own")
    func attributesHaveStates() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        let tasks = try await self.changeAll(region, lane)
        #expect(Set(tasks.keys) == [.object, .tags, .acl, .retention, .legalHold])
        #expect(
            Set(tasks.keys.map(\.planned.s3Operation)) == [
                "OBJECT_PUT", "TAGGING_PUT", "ACL_PUT", "RETENTION_PUT", "LEGAL_HOLD_PUT",
            ])

        func settle(_ kind: TaskRecord.Kind, _ outcome: TaskOutcome) async throws {
            let task = try #require(tasks[kind])
            try await region.service.settle([TaskSettlement(task: task, outcome: outcome)], lane: lane)
        }
        func record() async throws -> VersionRecord { try #require(try await region.stack("k", in: "src").first) }

        try await settle(.object, .done(attributesStamp: 0))
        try await settle(.acl, .done(attributesStamp: 0))
        #expect(try await record().replicationStatus == .pending)
        try await settle(.retention, .refused(.dstPutRetentionNotPermitted))
        #expect(try await record().replicationStatus == .failed)
        try await settle(.tags, .refused(.srcGetTaggingNotPermitted))
        var state = try #require(try await record().destinations.first)
        #expect(state.failureReason == "SrcGetTaggingNotPermitted")
        #expect(state[.retention].failureReason == "DstPutRetentionNotPermitted")
        #expect(
            state.componentStates == [.completed, .failed, .completed, .failed, .pending])
        try await settle(.legalHold, .done(attributesStamp: 0))

        // Tags that arrive later clear their own failure, and not that of the retention.
        self.clock.advance(by: .milliseconds(5))
        let key = try ObjectKey("k")
        _ = try await region.service.setTags([Tag(key: "a", value: "2")], of: nil, key: key, in: "src")
        state = try #require(try await record().destinations.first)
        #expect(state[.tags].status == .pending && state.failureReason == "DstPutRetentionNotPermitted")
        let again = try #require(try await self.tasks(region, lane).first)
        try await region.service.settle([TaskSettlement(task: again, outcome: .done(attributesStamp: 0))], lane: lane)
        #expect(try await record().replicationStatus == .failed)
        state = try #require(try await record().destinations.first)
        #expect(state.componentStates == [.completed, .completed, .completed, .failed, .completed])
    }

    @Test("T-15: an object that arrived without its tags has FAILED tags, which is no failed operation (M-11)")
    func withoutTags() async throws {
        let (region, lane) = try await self.makeRegion()
        let metrics = OutcomeMetrics(following: region.service.outbox)
        try await region.put("k", in: "src", bytes: [1])
        let task = try #require(try await self.tasks(region, lane).first)
        let outcome = TaskOutcome.done(attributesStamp: 0, withoutTags: .srcGetTaggingNotPermitted)
        try await region.service.settle([TaskSettlement(task: task, outcome: outcome)], lane: lane)
        let record = try #require(try await region.stack("k", in: "src").first)
        #expect(record.destinations.map(\.data) == [.completed])
        #expect(record.destinations.map(\.tags) == [.failed])
        #expect(record.destinations.map(\.failureReason) == ["SrcGetTaggingNotPermitted"])
        #expect(record.replicationStatus == .failed)
        let counts = metrics.snapshots(at: self.clock.now).values.first
        #expect(counts?.completedOperations == 1 && counts?.failedOperations == 0)
    }

    @Test("A task of older tags does not settle newer ones, unless they went along")
    func olderTagsDoNotSettle() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        let key = try ObjectKey("k")
        _ = try await region.service.setTags([Tag(key: "a", value: "1")], of: nil, key: key, in: "src")
        let older = try #require(try await self.tasks(region, lane).first { $0.record.kind == .tags })
        self.clock.advance(by: .milliseconds(5))
        let newest = try await region.service.setTags([Tag(key: "a", value: "2")], of: nil, key: key, in: "src")
        try await region.service.settle([TaskSettlement(task: older, outcome: .done(attributesStamp: 0))], lane: lane)
        #expect(try await region.stack("k", in: "src").first?.destinations.first?.tags == .pending)
        let newer = try #require(try await self.tasks(region, lane).first { $0.record.kind == .tags })
        let stamp = newest.record.tagsStamp
        try await region.service.settle(
            [TaskSettlement(task: newer, outcome: .done(attributesStamp: stamp))], lane: lane)
        #expect(try await region.stack("k", in: "src").first?.destinations.first?.tags == .completed)
    }

    @Test("Settling twice changes nothing, and counts once")
    func settlingTwice() async throws {
        let (region, lane) = try await self.makeRegion()
        for index in 0..<5 { try await region.put("k\(index)", in: "src", bytes: [1]) }
        let metrics = OutcomeMetrics(following: region.service.outbox)
        let settlements = try await self.tasks(region, lane).map {
            TaskSettlement(task: $0, outcome: .done(attributesStamp: 0))
        }
        try await region.service.settle(Array(settlements.prefix(3)), lane: lane)
        try await region.service.settle(settlements, lane: lane)
        try await region.service.settle(settlements, lane: lane)
        #expect(region.pendingOperations == 0)
        #expect(metrics.snapshots(at: self.clock.now).values.map(\.completedOperations) == [5])
    }

    @Test("A stale look at the version does not undo what a client did meanwhile")
    func staleHintsAreReadAgain() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        let key = try ObjectKey("k")
        let bucket = try await region.service.registry.state("src")
        let task = try #require(try await self.tasks(region, lane).first)
        let stale = try #require(try await region.service.head(key, in: bucket))
        _ = try await region.service.setTags([Tag(key: "a", value: "1")], of: nil, key: key, in: "src")
        // And the version moves to another row.
        try await region.put("k", in: "src", bytes: [2])
        try await region.service.settle(
            [TaskSettlement(task: task, outcome: .done(attributesStamp: 0), version: stale)], lane: lane)
        let old = try #require(try await region.stack("k", in: "src").last)
        #expect(old.tagSet == [Tag(key: "a", value: "1")])
        #expect(old.destinations.map(\.data) == [.completed])
        #expect(old.destinations.map(\.tags) == [.pending])
    }

    @Test("The counts are rebuilt from the rows, and bells ring for what is there")
    func rebuild() async throws {
        let (region, lane) = try await self.makeRegion()
        for index in 0..<2500 { try await region.put("k\(index)", in: "src", bytes: [1, 2]) }
        let restarted = region.restarted()
        #expect(restarted.pendingOperations == 0)
        try await restarted.service.outbox.rebuild(from: restarted.service.registry)
        #expect(restarted.pendingOperations == 2500)
        #expect(restarted.service.outbox.pending[lane]?["to-dst"]?.bytes == 5000)
    }

    @Test("A postponed task keeps its identity and counts its attempts")
    func postponing() async throws {
        let (region, lane) = try await self.makeRegion()
        try await region.put("k", in: "src", bytes: [1])
        let task = try #require(try await self.tasks(region, lane).first)
        let until = self.clock.now + .seconds(30)
        try await region.service.outbox.postpone([Postponement(task: task, until: until, error: "busy")], lane: lane)
        let moved = try #require(try await self.tasks(region, lane).first)
        #expect(moved.due == until)
        #expect(moved.record.attempts == 1)
        #expect(moved.record.lastError == "busy")
        #expect(try await region.service.outbox.tasks(of: lane, from: nil, dueBefore: until, limit: 10).isEmpty)
        // It was moved, so the old row can neither be moved nor settled again.
        try await region.service.outbox.postpone([Postponement(task: task, until: until, error: "busy")], lane: lane)
        try await region.service.settle([TaskSettlement(task: task, outcome: .done(attributesStamp: 0))], lane: lane)
        #expect(try await self.tasks(region, lane).count == 1)
        #expect(region.pendingOperations == 1)
    }

    @Test("Quantiles of the replication time are right to an eighth")
    func histogram() {
        var histogram = LagHistogram()
        for value in Int64(1)...1000 { histogram.record(milliseconds: value) }
        let summary = histogram.summary
        #expect((500...563).contains(summary.p50))
        #expect((900...1000).contains(summary.p90))
        #expect((990...1000).contains(summary.p99))
        #expect(summary.maximum == 1000)
    }
}
