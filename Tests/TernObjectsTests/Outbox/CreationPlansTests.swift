import FoundationEssentials
import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
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
