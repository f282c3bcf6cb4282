import FoundationEssentials
import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Tasks of new versions")
struct CreationPlansTests {
    @Test("L-01: the bytes of a task's row are those of its record, field by field")
    func records() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 3)
        try await region.makeBucket("src")
        for name in ["dst", "other"] { try await region.makeBucket(name) }
        try await region.replicate("src", to: ["dst", "other"])
        let bucket = try await region.service.registry.state("src")
        let configuration = try #require(bucket.replication)

        let keys = ["k", String(repeating: "long/", count: 200), "ü"]
        for key in keys { _ = try await region.put(key, in: "src", bytes: Array("body of \(key)".utf8)) }
        for rule in configuration.rules {
            let lane = LaneID(
                sourceBucket: "src", sourceBucketID: bucket.record.bucketID,
                destinationBucket: rule.destination.bucket.description)
            let tasks = try await region.service.outbox.tasks(of: lane, from: nil, limit: 100)
            #expect(Set(tasks.map { String(decoding: $0.record.key, as: UTF8.self) }) == Set(keys))
            for task in tasks {
                let key = String(decoding: task.record.key, as: UTF8.self)
                var expected = TaskRecord()
                expected.key = .init(key.utf8)
                expected.version = task.record.version
                expected.ruleID = rule.id
                expected.destinationBucket = rule.destination.bucket.description
                expected.role = configuration.role
                expected.configurationEpoch = bucket.record.epoch
                expected.requestMs = task.record.requestMs
                expected.byteCount = Int64("body of \(key)".utf8.count)
                #expect(task.record == expected)
                #expect(task.due.milliseconds == task.record.requestMs)
                let stored = try #require(try await region.stack(key, in: "src").first)
                #expect(stored.id == task.record.version)
                let state = try #require(
                    stored.destinations.first { $0.destinationBucket == expected.destinationBucket })
                #expect(state.data == .pending)
                #expect(state.ruleID == rule.id)
            }
        }
        let pending = region.service.outbox.pending.values.flatMap { $0.values }
        #expect(pending.reduce(0) { $0 + $1.operations } == Int64(keys.count * configuration.rules.count))
    }

    private func world() async throws -> (region: TestRegion, lane: LaneID) {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 3)
        for name in ["src", "dst"] { try await region.makeBucket(name) }
        try await region.replicate("src", to: ["dst"])
        let bucket = try await region.service.registry.state("src")
        return (
            region, LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
        )
    }

    private func tasks(_ region: TestRegion, _ lane: LaneID) async throws -> [StoredTask] {
        try await region.service.outbox.tasks(of: lane, from: nil, limit: 100)
    }

    @Test("I-10: what the tasks of a configuration have in common is one row, which a restart finds")
    func sharedPlans() async throws {
        let (region, lane) = try await self.world()
        for key in ["a", "b", "c"] { try await region.put(key, in: "src", bytes: [1]) }
        #expect(try await region.rowCount(.taskPlans, in: "src") == 1)
        let restarted = region.restarted()
        try await restarted.service.outbox.rebuild(from: restarted.service.registry)
        for task in try await self.tasks(restarted, lane) {
            #expect(task.value.count < 50)
            #expect(task.record.plan == 0)
            #expect(task.record.ruleID == "to-dst")
            #expect(task.record.role == "arn:aws:iam::111111111111:role/replication")
        }
        #expect(restarted.pendingOperations == 3)
    }

    @Test("I-10: a task keeps the settings of the configuration that it was planned under")
    func olderConfigurations() async throws {
        let (region, lane) = try await self.world()
        try await region.put("old", in: "src", bytes: [1])
        try await region.replicate("src", to: ["dst"], storageClass: .glacier)
        try await region.put("new", in: "src", bytes: [1])
        let classes = try await self.tasks(region, lane).map(\.record.storageClass)
        #expect(classes.sorted() == ["", "GLACIER"])
    }

    @Test("At the start the plans go that no task needs, but for those of the present configuration")
    func unusedPlans() async throws {
        let (region, lane) = try await self.world()
        try await region.put("old", in: "src", bytes: [1])
        for _ in 0..<3 {
            try await region.replicate("src", to: ["dst"])
            try await region.put("k", in: "src", bytes: [1])
        }
        #expect(try await region.rowCount(.taskPlans, in: "src") == 4)
        let tasks = try await self.tasks(region, lane)
        let old = try #require(tasks.first { Array($0.record.key) == Array("old".utf8) })
        let others = tasks.filter { $0.row != old.row }
        try await region.service.settle(
            others.map { TaskSettlement(task: $0, outcome: .done(attributesStamp: 0)) }, lane: lane)

        let restarted = region.restarted()
        try await restarted.service.outbox.rebuild(from: restarted.service.registry)
        #expect(try await region.rowCount(.taskPlans, in: "src") == 2)
        #expect(try await self.tasks(restarted, lane).map(\.record) == [old.record])
        try await restarted.put("next", in: "src", bytes: [1])
        #expect(try await self.tasks(restarted, lane).count == 2)
    }

    @Test("A task that was put off needs no plan any more")
    func postponedTasks() async throws {
        let (region, lane) = try await self.world()
        try await region.put("k", in: "src", bytes: [1])
        let task = try #require(try await self.tasks(region, lane).first)
        let until = Timestamp(milliseconds: task.due.milliseconds + 1000)
        try await region.service.outbox.postpone([Postponement(task: task, until: until, error: "busy")], lane: lane)
        let moved = try #require(try await self.tasks(region, lane).first)
        let stored: TaskRecord = try decodeRecord(moved.value)
        #expect(stored == moved.record)
        #expect(moved.record.role == task.record.role)
        try await region.replicate("src", to: ["dst"])
        let restarted = region.restarted()
        try await restarted.service.outbox.rebuild(from: restarted.service.registry)
        #expect(try await region.rowCount(.taskPlans, in: "src") == 0)
        #expect(try await self.tasks(restarted, lane).map(\.record) == [moved.record])
    }

    @Test("Tasks that were stored before there were plans are read, counted and settled")
    func completeRows() async throws {
        let (region, lane) = try await self.world()
        try await region.put("k", in: "src", bytes: [1, 2])
        let task = try #require(try await self.tasks(region, lane).first)
        var batch = MetadataBatch(partition: lane.partition)
        batch.put(task.row, try encodeRecord(task.record))
        let bucket = try await region.service.registry.state("src")
        batch.delete(Keyspace.taskPlans(epoch: bucket.record.epoch))
        try await region.metadata.commit(batch)

        let restarted = region.restarted()
        try await restarted.service.outbox.rebuild(from: restarted.service.registry)
        #expect(restarted.service.outbox.pending[lane]?["to-dst"]?.bytes == 2)
        let read = try await self.tasks(restarted, lane)
        #expect(read.map(\.record) == [task.record])
        try await restarted.service.settle(
            read.map { TaskSettlement(task: $0, outcome: .done(attributesStamp: 0)) }, lane: lane)
        #expect(try await self.tasks(restarted, lane).isEmpty)
        #expect(restarted.pendingOperations == 0)
    }

    @Test(
        "M-06, R-03, L-38: tasks know whether they are counted, and whether they are under the promise of replication time",
        arguments: [(false, false), (true, false), (true, true)])
    func flags(hasMetrics: Bool, hasTimeControl: Bool) async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 3)
        for name in ["src", "dst"] { try await region.makeBucket(name) }
        try await region.replicate("src", to: ["dst"], hasMetrics: hasMetrics, hasTimeControl: hasTimeControl)
        let key = try ObjectKey("k")
        try await region.put("k", in: "src", bytes: [1])
        _ = try await region.service.setTags([Tag(key: "a", value: "b")], of: nil, key: key, in: "src")
        _ = try await region.service.deleteCurrent(key, in: "src", condition: .none)
        let bucket = try await region.service.registry.state("src")
        let lane = LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
        var tasks: [StoredTask] = []
        for one in lane.classes { tasks += try await region.service.outbox.tasks(of: one, from: nil, limit: 100) }
        #expect(Set(tasks.map(\.record.kind)) == [.object, .tags, .deleteMarker])
        for task in tasks {
            #expect(task.record.metricsEnabled == hasMetrics)
            #expect(task.record.timeControl == (hasTimeControl && task.record.kind != .deleteMarker))
        }
    }
}
