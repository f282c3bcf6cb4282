import FoundationEssentials
import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Events in the commits of their changes (NTF-8, TGT-1)")
struct AddEventsTests {
    private static let queue = "arn:aws:sqs:us-east-1:111111111111:q"

    private static func configuration(_ events: String..., bridge: Bool = false) throws -> NotificationConfigurationXML
    {
        let named = events.map { "<Event>\($0)</Event>" }.joined()
        let text =
            "<NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>\(self.queue)</Queue>\(named)"
            + "</QueueConfiguration>\(bridge ? "<EventBridgeConfiguration/>" : "")</NotificationConfiguration>"
        return try NotificationConfigurationXML(decoding: Array(text.utf8)) { "id" }
    }

    /// A region with a bucket whose events go to the queue; the test message is out of the way.
    private static func region(_ events: String..., clock: ManualClock = ManualClock()) async throws -> TestRegion {
        let region = TestRegion("us-east-1", clock: clock, seed: 5)
        try await region.makeBucket("bkt")
        let named = events.map { "<Event>\($0)</Event>" }.joined()
        let text =
            "<NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>\(self.queue)</Queue>\(named)"
            + "</QueueConfiguration></NotificationConfiguration>"
        let configuration = try NotificationConfigurationXML(decoding: Array(text.utf8)) { "id" }
        try await region.service.setNotifications(configuration, of: "bkt", cause: .server)
        try await self.drain(region)
        return region
    }

    private static func events(
        _ region: TestRegion, of target: String = AddEventsTests.queue, in bucket: String = "bkt"
    ) async throws -> [StoredEvent] {
        let state = try await region.service.registry.state(bucket)
        let lane = EventLane(partition: state.partition, target: target)
        return try await region.service.events.page(
            of: lane, from: nil, before: HybridTimestamp(rawValue: .max), limit: 1000
        ).events
    }

    private static func drain(_ region: TestRegion) async throws {
        for (lane, _) in region.service.events.counts {
            let events = try await region.service.events.page(
                of: lane, from: nil, before: HybridTimestamp(rawValue: .max), limit: 1000
            ).events
            try await region.service.events.settle(
                events.map { ($0, .delivered) }, of: lane, at: Timestamp(milliseconds: 0))
        }
    }

    private static func types(_ events: [StoredEvent]) -> [S3EventType?] {
        events.map { S3EventType(rawValue: UInt8(clamping: $0.record.type)) }
    }

    @Test("NTF-8: a bucket without a configuration gets no row")
    func none() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 5)
        try await region.makeBucket("bkt")
        try await region.put("k", in: "bkt", bytes: [1])
        #expect(try await region.rowCount(.event, in: "bkt") == 0)
        #expect(region.service.events.counts.isEmpty)
    }

    @Test("NTF-8: each wanted change has its row, in order, and it is there after a crash")
    func changes() async throws {
        let region = try await Self.region(
            "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*")
        let version = try await region.put("k", in: "bkt", bytes: [1, 2])
        let key = try ObjectKey("k")
        _ = try await region.service.setTags([Tag(key: "a", value: "b")], of: nil, key: key, in: "bkt")
        _ = try await region.service.deleteCurrent(key, in: "bkt", condition: .none)
        _ = try await region.service.deleteVersion(
            .id(version.versionID), of: key, in: "bkt", condition: .none)
        let restarted = region.restarted()
        try await restarted.service.events.rebuild()
        let events = try await Self.events(restarted)
        #expect(
            Self.types(events) == [
                .objectCreatedPut, .objectTaggingPut, .objectRemovedDeleteMarkerCreated, .objectRemovedDelete,
            ])
        #expect(restarted.service.events.counts.values.map(\.pending) == [4])
        #expect(Set(events.map(\.record.eventID)).count == 4)
        let put = events[0].record
        #expect(put.byteCount == 2 && put.hasByteCount && put.showsVersion)
        #expect(put.sequencer == version.id.stamp)
        #expect(events[1].record.sequencer == 0)
        #expect(!events[3].record.hasByteCount && events[3].record.etag.isEmpty)
        #expect(events[3].record.sequencer > events[2].record.sequencer)
    }

    @Test("NTF-6: the test message is in the commit of the configuration, once for each destination")
    func testMessage() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 5)
        try await region.makeBucket("bkt")
        try await region.service.setNotifications(
            try Self.configuration("s3:ObjectCreated:*", bridge: true), of: "bkt", cause: .server)
        let events = try await Self.events(region)
        #expect(events.map(\.record.type) == [EventRecord.testType])
        #expect(try await Self.events(region, of: NotificationRules.eventBridgeTarget).isEmpty)
    }

    @Test("NTF-26: with the EventBridge on, there is a row for each place")
    func bridge() async throws {
        let region = TestRegion("us-east-1", clock: ManualClock(), seed: 5)
        try await region.makeBucket("bkt")
        try await region.service.setNotifications(
            try Self.configuration("s3:ObjectCreated:*", bridge: true), of: "bkt", cause: .server)
        try await Self.drain(region)
        try await region.put("k", in: "bkt", bytes: [1])
        #expect(try await Self.events(region).count == 1)
        #expect(try await Self.events(region, of: NotificationRules.eventBridgeTarget).count == 1)
    }

    @Test("R-10, R-17: an event of replication is a row of the batch that it is added to, where it is wanted")
    func replication() async throws {
        let region = try await Self.region("s3:Replication:OperationFailedReplication")
        let version = try await region.put("k", in: "bkt", bytes: [1, 2, 3])
        let bucket = try await region.service.registry.state("bkt")
        var task = TaskRecord()
        task.key = .init(Array("k".utf8))
        task.version = version.id
        task.ruleID = "rule"
        task.destinationBucket = "dst"
        task.requestMs = 1234
        var batch = MetadataBatch(partition: bucket.partition)
        let missed = try region.service.addReplicationEvent(
            ReplicationEvent(.missedThreshold, task: task, version: version), in: bucket, to: &batch)
        #expect(missed.isEmpty && batch.writes.isEmpty)
        let failed = try region.service.addReplicationEvent(
            ReplicationEvent(.failed(.assumeRoleNotPermitted), task: task, version: version), in: bucket, to: &batch)
        #expect(!failed.isEmpty)
        try await region.metadata.commit(batch)
        region.service.events.added(failed, in: bucket.partition)
        let event = try #require(try await Self.events(region).first).record
        #expect(event.replication.failureReason == "AssumeRoleNotPermitted")
        #expect(event.replication.operation == "OBJECT_PUT")
        #expect(event.replication.requestMs == 1234)
        #expect(event.byteCount == 3 && event.etag == version.etag)
    }

    @Test("R-13: of a version that is gone, the event tells what the task knew")
    func replicationOfNothing() async throws {
        let region = try await Self.region("s3:Replication:*")
        let bucket = try await region.service.registry.state("bkt")
        var task = TaskRecord()
        task.key = .init(Array("k".utf8))
        task.byteCount = 77
        task.kind = .deleteMarker
        var batch = MetadataBatch(partition: bucket.partition)
        _ = try region.service.addReplicationEvent(
            ReplicationEvent(.notTracked, task: task, version: nil), in: bucket, to: &batch)
        try await region.metadata.commit(batch)
        let event = try #require(try await Self.events(region).first).record
        #expect(event.replication.operation == "DELETE_MARKER" && event.byteCount == 77)
        #expect(event.replication.failureReason.isEmpty)
    }

    @Test("RST-6: a restore tells ahead of time when it is done and over; one that changed is told anew")
    func restore() async throws {
        let clock = ManualClock()
        let region = try await Self.region("s3:ObjectRestore:*", clock: clock)
        var attributes = ObjectAttributes()
        attributes.storageClass = .glacier
        let key = try ObjectKey("k")
        _ = try await region.service.putObject(
            key, in: "bkt", attributes: attributes, body: BytesSource([1]), digests: ExpectedDigests(),
            condition: .none)
        let request = Array("<RestoreRequest><Days>1</Days></RestoreRequest>".utf8)
        _ = try await region.service.restore(
            nil, of: key, in: "bkt", request: try RestoreRequestXML(decoding: request))
        var events = try await Self.events(region)
        #expect(Self.types(events) == [.objectRestorePost, .objectRestoreCompleted, .objectRestoreDelete])
        #expect(events[1].due.milliseconds == clock.now.milliseconds + 1000)
        let partition = try await region.service.registry.state("bkt").partition
        for event in events { #expect(try await region.service.isStillTrue(event.record, in: partition)) }

        clock.advance(by: .seconds(2))
        let longer = Array("<RestoreRequest><Days>9</Days></RestoreRequest>".utf8)
        _ = try await region.service.restore(
            nil, of: key, in: "bkt", request: try RestoreRequestXML(decoding: longer))
        events = try await Self.events(region)
        #expect(Self.types(events).filter { $0 == .objectRestoreDelete }.count == 2)
        var truths: [Bool] = []
        for event in events where event.record.type == UInt32(S3EventType.objectRestoreDelete.rawValue) {
            truths.append(try await region.service.isStillTrue(event.record, in: partition))
        }
        #expect(truths == [false, true])
        _ = try await region.service.deleteVersion(
            .id(events[0].record.version.versionID), of: key, in: "bkt", condition: .none)
        #expect(try await !region.service.isStillTrue(events[1].record, in: partition))
    }

    @Test("TGT-1: dead letters leave the queue, stay, and come back with a new age")
    func deadLetters() async throws {
        let region = try await Self.region("s3:ObjectCreated:*")
        for key in ["a", "b", "c"] { try await region.put(key, in: "bkt", bytes: [1]) }
        let bucket = try await region.service.registry.state("bkt")
        let lane = EventLane(partition: bucket.partition, target: Self.queue)
        let queue = region.service.events
        let events = try await Self.events(region)
        let now = Timestamp(milliseconds: 99_000)
        try await queue.settle(
            [
                (events[0], .delivered), (events[1], .gaveUp("no")),
                (events[2], .failed("later", notBefore: Timestamp(milliseconds: 5))),
            ], of: lane, at: now)
        #expect(queue.counts[lane]?.pending == 1 && queue.counts[lane]?.dead == 1)
        // What was settled is not settled again.
        try await queue.settle([(events[0], .gaveUp("twice")), (events[1], .delivered)], of: lane, at: now)
        #expect(queue.counts[lane]?.pending == 1 && queue.counts[lane]?.dead == 1)
        let rest = try #require(try await Self.events(region).first).record
        #expect(rest.attempts == 1 && rest.lastError == "later" && rest.notBeforeMs == 5)
        let restarted = region.restarted()
        try await restarted.service.events.rebuild()
        #expect(restarted.service.events.counts == queue.counts)

        #expect(try await queue.redrive(lane, at: now) == 1)
        #expect(queue.counts[lane]?.pending == 2 && queue.counts[lane]?.dead == 0)
        let back = try #require(try await Self.events(region).first { $0.row == events[1].row })
        #expect(back.record.attempts == 0 && back.record.redrivenMs == 99_000)
        try await queue.settle([(back, .gaveUp("no"))], of: lane, at: now)
        #expect(try await queue.discardDead(of: lane) == 1)
        #expect(try await region.rowCount(.deadEvent, in: "bkt") == 0)
    }

    @Test("Events outlive their bucket, and nothing else of it does")
    func bucketGone() async throws {
        let region = try await Self.region("s3:ObjectRemoved:*")
        let version = try await region.put("k", in: "bkt", bytes: [1])
        _ = try await region.service.deleteVersion(
            .id(version.versionID), of: try ObjectKey("k"), in: "bkt", condition: .none)
        let partition = try await region.service.registry.state("bkt").partition
        try await region.service.deleteBucket("bkt")
        let rows = try await region.metadata.scan(KeyRange(from: [], to: nil), in: partition, limit: 100)
        #expect(rows.map(\.key.first) == [Keyspace.Table.event.rawValue])
        let restarted = region.restarted()
        try await restarted.service.events.rebuild()
        #expect(restarted.service.events.counts.map(\.key.partition) == [partition])
    }
}
