import FoundationEssentials
import TernCore
import TernObjects
import TernRecords
import TernReplication
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
}
