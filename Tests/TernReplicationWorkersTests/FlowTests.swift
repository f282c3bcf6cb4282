import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernReplicationWorkers
import TernS3Protocol
import TernTestSupport
import Testing

/// Pauses, limits and priorities, between two regions in memory.
@Suite("Flow control of lanes")
struct FlowTests {
    let clock = ManualClock()
    let east: TestRegion
    let west: TestRegion
    let transport: FaultyTransport

    init() {
        self.east = TestRegion("us-east-1", clock: self.clock, seed: 1)
        self.west = TestRegion("eu-west-1", clock: self.clock, seed: 2)
        self.transport = FaultyTransport(clock: self.clock, seed: 3)
    }

    func rule(_ id: String, _ priority: Int, prefix: String, to destination: String, isTimed: Bool = false)
        -> ReplicationRule
    {
        ReplicationRule(
            id: id, priority: priority, filter: .prefix(prefix), deleteMarkerReplication: false,
            destination: Destination(
                bucket: BucketName(trusted: destination),
                replicationTime: isTimed ? ReplicationTime(isEnabled: true) : nil,
                metrics: isTimed ? ReplicationMetrics(isEnabled: true, hasEventThreshold: true) : nil))
    }

    /// `src` in the east, with the rules `a` and `b` for keys `a/` and `b/` to `dst`, and `o` for `o/` to `other`.
    func prepare(isTimed: Bool = false) async throws -> FlowControl {
        try await self.east.makeBucket("src")
        for bucket in ["dst", "other"] {
            try await self.west.makeBucket(bucket)
            try await self.east.learn(bucket, of: self.west)
        }
        let configuration = ReplicationConfiguration(
            role: "arn:aws:iam::111111111111:role/replication",
            rules: [
                self.rule("a", 1, prefix: "a/", to: "dst", isTimed: isTimed),
                self.rule("b", 2, prefix: "b/", to: "dst"),
                self.rule("o", 3, prefix: "o/", to: "other"),
            ])
        try await self.east.service.setReplication(ReplicationConfigurationXML.encode(configuration), of: "src")
        return try await self.control()
    }

    func control() async throws -> FlowControl {
        let flow = FlowControl(metadata: self.east.metadata, wall: self.clock)
        try await flow.load()
        return flow
    }

    func withWorkers(_ flow: FlowControl, _ body: (ReplicationRuntime) async throws -> Void) async throws {
        self.transport.connect(self.east)
        self.transport.connect(self.west)
        try await self.east.service.outbox.rebuild(from: self.east.service.registry)
        let runtime = ReplicationRuntime(
            service: self.east.service, transport: self.transport, wall: self.clock, random: self.east.random,
            flow: flow, logger: self.east.service.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await runtime.run() }
            try await body(runtime)
            group.cancelAll()
        }
    }

    func pause(_ flow: FlowControl, rule: String = "", destination: String = "", seconds: Int64? = nil) async throws {
        let bucket = try await self.east.service.registry.state("src")
        try await flow.pause(
            ReplicationPause(
                id: .init(sourceBucketID: bucket.record.bucketID, ruleID: rule, destinationBucket: destination),
                sourceBucket: "src", since: self.clock.now, until: seconds.map { self.clock.now + .seconds($0) }))
    }

    func status(_ key: String) async throws -> DestinationState.Status? {
        try await self.east.stack(key, in: "src").first?.destinations.first?.data
    }

    @Test("I-11: a paused rule's versions stay PENDING, others of the same lane go on, and all arrive when it ends")
    func pausedRule() async throws {
        let flow = try await self.prepare()
        try await self.pause(flow, rule: "a")
        // More than a lane has in its hands at once.
        for index in 0..<2500 { try await self.east.put("a/\(index)", in: "src", bytes: [1]) }
        try await self.withWorkers(flow) { _ in
            for index in 0..<50 { try await self.east.put("b/\(index)", in: "src", bytes: [1]) }
            try await settle(self.clock, within: .seconds(60)) { self.east.pendingOperations == 2500 }
            #expect(try await self.status("a/0") == .pending)
            #expect(try await self.status("b/49") == .completed)
            #expect(try await flow.resume { _ in true } == 1)
            try await settle(self.clock, within: .seconds(60)) { self.east.pendingOperations == 0 }
        }
        #expect(try await self.west.stack("a/2499", in: "dst").count == 1)
    }

    @Test("A-46: a paused destination rests, others do not; it goes on by itself, also after a restart")
    func pausedDestination() async throws {
        var flow = try await self.prepare()
        try await self.pause(flow, destination: "dst", seconds: 100)
        try await self.withWorkers(flow) { runtime in
            for key in ["a/1", "b/1", "o/1"] { try await self.east.put(key, in: "src", bytes: [1]) }
            try await settle(self.clock, within: .seconds(5)) { self.east.pendingOperations == 2 }
            #expect(try await self.status("o/1") == .completed)
            try await pass(.seconds(40), self.clock)
            #expect(self.east.pendingOperations == 2)
            let bucket = try await self.east.service.registry.state("src")
            let lane = LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
            #expect(runtime.report(on: lane)?.state == "paused")
        }
        flow = try await self.control()
        try await self.withWorkers(flow) { _ in
            try await pass(.seconds(40), self.clock)
            #expect(self.east.pendingOperations == 2)
            try await settle(self.clock, within: .seconds(25)) { self.east.pendingOperations == 0 }
        }
    }

    @Test("A pause stops a large object between two segments; nothing is sent twice when it goes on")
    func pausedLargeObject() async throws {
        let flow = try await self.prepare()
        try await flow.setLimit(BandwidthLimit(bytesPerSecond: 1_000_000), of: .region("eu-west-1"))
        try await self.east.put("a/large", in: "src", bytes: [UInt8](repeating: 5, count: 6_000_000))
        try await self.withWorkers(flow) { _ in
            try await settle(self.clock, within: .seconds(10)) { self.transport.segmentBytes > 1_000_000 }
            try await self.pause(flow, rule: "a")
            try await pass(.seconds(2), self.clock)
            let sent = self.transport.segmentBytes
            try await pass(.seconds(20), self.clock)
            #expect(self.transport.segmentBytes == sent)
            #expect(try await self.status("a/large") == .pending)
            _ = try await flow.resume { _ in true }
            try await settle(self.clock, within: .seconds(30)) { self.east.pendingOperations == 0 }
        }
        #expect(self.transport.segmentBytes == 6_000_000)
        #expect(try await self.status("a/large") == .completed)
    }

    @Test("A limit holds over large and small objects, of all lanes together, and a change of it holds at once")
    func limits() async throws {
        let flow = try await self.prepare()
        try await flow.setLimit(BandwidthLimit(bytesPerSecond: 200_000), of: .region("eu-west-1"))
        try await self.east.put("a/large", in: "src", bytes: [UInt8](repeating: 5, count: 1_000_000))
        for index in 0..<40 {
            try await self.east.put("o/\(index)", in: "src", bytes: [UInt8](repeating: 6, count: 25_000))
        }
        let start = self.clock.now
        try await self.withWorkers(flow) { _ in
            try await settle(self.clock, within: .seconds(60)) { self.east.pendingOperations == 0 }
            // 2 MB at 200 KB/s, less what the last request was granted ahead of its time.
            let seconds = Double((self.clock.now - start).wholeMilliseconds) / 1000
            #expect((8.5...11.5).contains(seconds), "took \(seconds) s")
            try await flow.setLimit(BandwidthLimit(bytesPerSecond: 0), of: .bucket("dst"))
            try await self.east.put("a/held", in: "src", bytes: [1])
            try await self.east.put("o/free", in: "src", bytes: [1])
            try await pass(.seconds(30), self.clock)
            #expect(try await self.status("a/held") == .pending)
            #expect(try await self.status("o/free") == .completed)
            try await flow.setLimit(nil, of: .bucket("dst"))
            try await settle(self.clock, within: .seconds(2)) { self.east.pendingOperations == 0 }
        }
    }

    @Test("Tasks under replication time control do not wait behind a backlog of others, on a limited line either")
    func timedGoesFirst() async throws {
        let flow = try await self.prepare(isTimed: true)
        try await flow.setLimit(BandwidthLimit(bytesPerSecond: 500_000), of: .region("eu-west-1"))
        for index in 0..<400 {
            try await self.east.put("b/\(index)", in: "src", bytes: [UInt8](repeating: 6, count: 20_000))
        }
        try await self.withWorkers(flow) { _ in
            try await pass(.seconds(1), self.clock)
            let start = self.clock.now
            try await self.east.put("a/urgent", in: "src", bytes: [UInt8](repeating: 6, count: 20_000))
            try await settle(self.clock, within: .seconds(5)) { try await self.status("a/urgent") == .completed }
            #expect(self.clock.now - start < .seconds(2))
            #expect(self.east.pendingOperations > 200)
            // And the others go on meanwhile.
            try await settle(self.clock, within: .seconds(60)) { self.east.pendingOperations == 0 }
        }
    }

    @Test("Each class of tasks has a lane of its own, and what is told of them is told of the pair of buckets")
    func classesAreCountedTogether() async throws {
        let flow = try await self.prepare(isTimed: true)
        try await self.east.put("a/1", in: "src", bytes: [1, 2])
        try await self.east.put("b/1", in: "src", bytes: [1])
        let bucket = try await self.east.service.registry.state("src")
        let pair = LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
        #expect(self.east.service.outbox.pending[pair]?.mapValues(\.operations) == ["a": 1, "b": 1])
        #expect(try await self.east.service.outbox.tasks(of: pair.of(.timed), from: nil, limit: 9).count == 1)
        #expect(try await self.east.service.outbox.tasks(of: pair, from: nil, limit: 9).count == 1)
        let metrics = OutcomeMetrics(following: self.east.service.outbox)
        try await self.withWorkers(flow) { _ in
            try await settle(self.clock, within: .seconds(10)) { self.east.pendingOperations == 0 }
        }
        let done = metrics.snapshots(at: self.clock.now)
        #expect(done[.init(lane: pair, ruleID: "a")]?.completedOperations == 1)
        #expect(done[.init(lane: pair, ruleID: "b")]?.completedOperations == 1)
    }
}
