import TernCore
import TernObjects
import TernRecords
import TernReplicationWorkers
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Delivery between regions and within one")
struct DeliveryTests {
    let clock = ManualClock()

    /// Two regions, `src` in the one and `dst` in the other, and a rule between them.
    func makePair(seed: UInt64 = 1) async throws -> (TestRegion, TestRegion, FaultyTransport) {
        let east = TestRegion("us-east-1", clock: self.clock, seed: seed)
        let west = TestRegion("eu-west-1", clock: self.clock, seed: seed + 1000)
        try await east.makeBucket("src")
        try await west.makeBucket("dst")
        try await east.learn("dst", of: west)
        try await east.replicate("src", to: ["dst"])
        return (east, west, FaultyTransport(clock: self.clock, seed: seed))
    }

    @Test(
        "P-01 to P-10: a replica has the version ID, time, ETag, checksum, metadata, tags and bytes of its source",
        arguments: [0, 1, 4096, 40_000, 300_000, 5_000_000])
    func replicaIsTheSame(byteCount: Int) async throws {
        let (east, west, transport) = try await self.makePair()
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let source = try await east.put("k", in: "src", bytes: bytes, tags: [Tag(key: "a", value: "1")])
        #expect(source.destinations.map(\.data) == [.pending])
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        let replica = try #require(try await west.stack("k", in: "dst").first)
        #expect(replica.id == source.id)
        #expect(replica.lastModifiedMs == source.lastModifiedMs)
        #expect(replica.etag == source.etag)
        #expect(replica.checksum == source.checksum)
        #expect(replica.tags == source.tags)
        #expect(replica.isReplica)
        #expect(replica.destinations.isEmpty)
        #expect(try await west.body(of: replica, in: "dst") == bytes)
        let settled = try #require(try await east.stack("k", in: "src").first)
        #expect(settled.destinations.map(\.data) == [.completed])
        #expect(try await east.rowCount(.task, in: "src") == 0)
        #expect(try await west.rowCount(.ingestSession, in: "dst") == 0)
        #expect(try await west.rowCount(.ingestSegment, in: "dst") == 0)
    }

    @Test("A large object goes on where it broke off, and sends no segment twice")
    func largeObjectsResume() async throws {
        let (east, west, transport) = try await self.makePair()
        let bytes = [UInt8](repeating: 7, count: 70_000_000)
        try await east.put("large", in: "src", bytes: bytes)
        transport.setFaults(.init(dropsRequest: 0.3))
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        let replica = try #require(try await west.stack("large", in: "dst").first)
        #expect(replica.byteCount == 70_000_000)
        #expect(transport.segmentBytes == 70_000_000)
        #expect(replica.layoutRows == 1)
        #expect(try await west.body(of: replica, in: "dst") == bytes)
    }

    @Test("Within a region a replica shares its source's bytes")
    func sameRegionClones() async throws {
        let east = TestRegion("us-east-1", clock: self.clock, seed: 5)
        try await east.makeBucket("src")
        try await east.makeBucket("dst")
        try await east.replicate("src", to: ["dst"], storageClass: .standardIA)
        let bytes = [UInt8](repeating: 3, count: 3_000_000)
        try await east.put("large", in: "src", bytes: bytes)
        try await east.put("small", in: "src", bytes: [1, 2, 3])
        let transport = FaultyTransport(clock: self.clock, seed: 1)
        try await withWorkers([east], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        #expect(transport.requestCount == 0)
        let large = try #require(try await east.stack("large", in: "dst").first)
        #expect(try await east.body(of: large, in: "dst") == bytes)
        #expect(large.storageClass == "STANDARD_IA")
        #expect(
            try await east.body(of: try #require(try await east.stack("small", in: "dst").first), in: "dst") == [
                1, 2, 3,
            ])
    }

    @Test("L-30, L-50: delete markers and later tags follow")
    func markersAndTagsFollow() async throws {
        let (east, west, transport) = try await self.makePair()
        let source = try await east.put("k", in: "src", bytes: [1])
        let key = try ObjectKey("k")
        // The tags change while the object itself is still waiting: they must not overtake it.
        _ = try await east.service.setTags([Tag(key: "t", value: "2")], of: nil, key: key, in: "src")
        _ = try await east.service.deleteCurrent(key, in: "src", condition: .none)
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        let stack = try await west.stack("k", in: "dst")
        #expect(stack.map(\.isDeleteMarker) == [true, false])
        #expect(stack.last?.id == source.id)
        #expect(stack.last?.tagSet == [Tag(key: "t", value: "2")])
        let states = try await east.stack("k", in: "src").flatMap(\.destinations)
        #expect(states.map(\.data) == [.completed, .completed])
        #expect(states.map(\.tags) == [.none, .completed])
    }

    @Test(
        "T-08: a destination that cannot be reached leaves PENDING, and work goes on within ten seconds of its return")
    func outageLeavesPending() async throws {
        let (east, west, transport) = try await self.makePair()
        transport.setReachable(false, west.name)
        try await east.put("k", in: "src", bytes: [1])
        try await withWorkers([east, west], transport) { runtimes in
            try await pass(.seconds(300), self.clock)
            #expect(east.pendingOperations == 1)
            #expect(try await east.stack("k", in: "src").first?.destinations.map(\.data) == [.pending])
            let bucket = try await east.service.registry.state("src")
            let lane = LaneID(sourceBucket: "src", sourceBucketID: bucket.record.bucketID, destinationBucket: "dst")
            let report = try #require(runtimes[0].report(on: lane))
            #expect(!report.lastError.isEmpty)
            // The waiting task itself is as it was: the lane failed, not the task.
            let tasks = try await east.service.outbox.tasks(of: lane, from: nil, limit: 10)
            #expect(tasks.map(\.record.attempts) == [0])
            // One small request a second, on average: half of the longest delay. By chance it is some more or less.
            #expect(transport.requestCount < 360)
            transport.setReachable(true, west.name)
            try await settle(self.clock, within: .seconds(11)) { east.pendingOperations == 0 }
        }
        #expect(try await west.stack("k", in: "dst").count == 1)
    }

    struct FailureRow: Sendable, CustomTestStringConvertible {
        var reason: String
        var why: String
        var spoil: @Sendable (_ east: TestRegion, _ west: TestRegion) async throws -> Void

        var testDescription: String { "\(reason): \(why)" }
    }

    @Test(
        "§5: what the customer must mend becomes FAILED, with its reason",
        arguments: [
            FailureRow(reason: "DstBucketUnversioned", why: "I-03: versioning suspended on the destination") {
                _, west in
                try await west.service.setVersioning(.suspended, of: "dst")
            },
            FailureRow(reason: "DstBucketNotFound", why: "I-15: destination bucket deleted") { _, west in
                try await west.service.deleteBucket("dst")
            },
        ])
    func failures(_ row: FailureRow) async throws {
        let (east, west, transport) = try await self.makePair()
        try await row.spoil(east, west)
        try await east.put("k", in: "src", bytes: [1])
        let metrics = OutcomeMetrics(following: east.service.outbox)
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        let state = try #require(try await east.stack("k", in: "src").first?.destinations.first)
        #expect(state.data == .failed)
        #expect(state.failureReason == row.reason)
        #expect(metrics.snapshots(at: self.clock.now).values.map(\.failedOperations) == [1])
    }

    @Test("T-20, I-13: a source version that is deleted while pending is not tracked any more")
    func deletedSourceIsDropped() async throws {
        let (east, west, transport) = try await self.makePair()
        let record = try await east.put("k", in: "src", bytes: [1])
        _ = try await east.service.deleteVersion(record.reference, of: try ObjectKey("k"), in: "src", condition: .none)
        let metrics = OutcomeMetrics(following: east.service.outbox)
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        #expect(metrics.snapshots(at: self.clock.now).values.map(\.notTrackedOperations) == [1])
        #expect(try await west.stack("k", in: "dst").isEmpty)
    }

    @Test("One item that breaks its requests does not stop the others")
    func poisonIsIsolated() async throws {
        let (east, west, transport) = try await self.makePair()
        for index in 0..<300 { try await east.put("k\(index)", in: "src", bytes: [UInt8(index % 256)]) }
        transport.setPoison(["k137"])
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 1 }
            #expect(try await east.stack("k137", in: "src").first?.destinations.map(\.data) == [.pending])
            transport.setPoison([])
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        #expect(try await west.stack("k137", in: "dst").count == 1)
    }

    @Test("A dead destination does not stop the lanes of others")
    func lanesAreIsolated() async throws {
        let (east, west, transport) = try await self.makePair()
        let south = TestRegion("ap-south-1", clock: self.clock, seed: 77)
        try await south.makeBucket("far")
        try await east.learn("far", of: south)
        try await east.replicate("src", to: ["dst", "far"])
        transport.setReachable(false, south.name)
        for index in 0..<50 { try await east.put("k\(index)", in: "src", bytes: [1]) }
        try await withWorkers([east, west, south], transport) { _ in
            try await settle(self.clock, within: .seconds(5)) { east.pendingOperations == 50 }
        }
        for index in 0..<50 { #expect(try await west.stack("k\(index)", in: "dst").count == 1) }
    }

    @Test("I-10: accepted work goes on with the configuration that accepted it")
    func acceptedWorkOutlivesItsRule() async throws {
        let (east, west, transport) = try await self.makePair()
        try await east.put("k", in: "src", bytes: [1])
        try await east.service.setReplication(nil, of: "src")
        try await withWorkers([east, west], transport) { _ in
            try await settle(self.clock) { east.pendingOperations == 0 }
        }
        #expect(try await west.stack("k", in: "dst").count == 1)
    }

    @Test("A commit whose request began long ago is found at once")
    func lateCommitsAreFound() async throws {
        let (east, west, transport) = try await self.makePair()
        try await withWorkers([east, west], transport) { _ in
            try await east.put("first", in: "src", bytes: [1])
            try await settle(self.clock, within: .seconds(5)) { east.pendingOperations == 0 }
            let slow = SlowSource(clock: self.clock)
            async let writing = east.service.putObject(
                ObjectKey("slow"), in: "src", attributes: ObjectAttributes(), body: slow, digests: ExpectedDigests(),
                condition: .none)
            try await settle(self.clock, within: .seconds(5)) { slow.isAsked }
            for index in 0..<20 {
                try await east.put("k\(index)", in: "src", bytes: [1])
                try await pass(.seconds(1), self.clock)
            }
            slow.finish()
            _ = try await writing
            try await settle(self.clock, within: .seconds(5)) { east.pendingOperations == 0 }
        }
        #expect(try await west.stack("slow", in: "dst").count == 1)
    }
}
