import TernCore
import TernObjects
import TernRecords
import TernReplication
import TernReplicationWorkers
import TernS3Protocol
import TernTestSupport
import Testing

/// Three regions that all replicate to each other, with a transport for each, so that one way can be blocked.
private struct Triangle {
    let clock = ManualClock()
    let regions: [TestRegion]
    let transports: [FaultyTransport]
    static let buckets = ["one", "two", "three"]

    init() async throws {
        let clock = self.clock
        self.regions = ["us-east-1", "eu-west-1", "ap-south-1"].enumerated().map { index, name in
            TestRegion(name, clock: clock, seed: UInt64(index + 1))
        }
        self.transports = (0..<3).map { FaultyTransport(clock: clock, seed: UInt64($0)) }
        for (region, bucket) in zip(self.regions, Self.buckets) { try await region.makeBucket(bucket) }
        for (region, bucket) in zip(self.regions, Self.buckets) {
            for (other, name) in zip(self.regions, Self.buckets) where name != bucket {
                try await region.learn(name, of: other)
            }
            try await region.replicate(bucket, to: Self.buckets.filter { $0 != bucket })
        }
    }

    func work(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (region, transport) in zip(self.regions, self.transports) {
                for other in self.regions { transport.connect(other) }
                try await region.service.outbox.rebuild(from: region.service.registry)
                let runtime = ReplicationRuntime(
                    service: region.service, transport: transport, wall: self.clock, random: region.random,
                    logger: region.service.logger)
                group.addTask { await runtime.run() }
            }
            try await body()
            group.cancelAll()
        }
    }

    var pendingOperations: [Int64] { self.regions.map(\.pendingOperations) }

    func version(at index: Int) async throws -> VersionRecord? {
        try await self.regions[index].stack("k", in: Self.buckets[index]).first
    }
}

@Suite("Three regions")
struct ThreeRegionsTests {
    @Test("A change of a replica waits where the version itself has not arrived yet (L-54, L-77)")
    func changeBeforeVersion() async throws {
        let triangle = try await Triangle()
        let third = triangle.regions[2].name
        triangle.transports[0].setReachable(false, third)
        try await triangle.work {
            let written = try await triangle.regions[0].put("k", in: "one", bytes: [1])
            try await settle(triangle.clock) { try await triangle.version(at: 1) != nil }
            // What the first region has of it goes to the third before this change does.
            triangle.transports[1].setReachable(false, triangle.regions[0].name)
            _ = try await triangle.regions[1].service.setTags(
                [Tag(key: "a", value: "b")], of: written.reference, key: try ObjectKey("k"), in: "two")
            try await pass(.seconds(30), triangle.clock)
            #expect(try await triangle.version(at: 2) == nil)
            #expect(triangle.pendingOperations == [1, 2, 0], "the change waits, and is not refused")
            triangle.transports[0].setReachable(true, third)
            try await settle(triangle.clock) { triangle.pendingOperations == [0, 1, 0] }
            #expect(try await triangle.version(at: 2)?.tagSet == [Tag(key: "a", value: "b")])
            triangle.transports[1].setReachable(true, triangle.regions[0].name)
            try await settle(triangle.clock) { triangle.pendingOperations == [0, 0, 0] }
        }
        for index in 0..<3 {
            let record = try await triangle.version(at: index)
            #expect(record?.tagSet == [Tag(key: "a", value: "b")])
            #expect(record?.destinations.contains { $0.data == .failed || $0.tags == .failed } == false)
        }
    }

    @Test("Where the version was deleted, or does not come within a day, the change is refused: DstVersionNotFound")
    func changeWithoutVersion() async throws {
        for isDeleted in [true, false] {
            let triangle = try await Triangle()
            let third = triangle.regions[2]
            if !isDeleted { triangle.transports[0].setReachable(false, third.name) }
            try await triangle.work {
                let written = try await triangle.regions[0].put("k", in: "one", bytes: [1])
                try await settle(triangle.clock) { try await triangle.version(at: 1) != nil }
                if isDeleted {
                    try await settle(triangle.clock) { triangle.pendingOperations == [0, 0, 0] }
                    _ = try await third.service.deleteVersion(
                        written.reference, of: try ObjectKey("k"), in: "three", condition: .none)
                }
                _ = try await triangle.regions[1].service.setTags(
                    [Tag(key: "a", value: "b")], of: written.reference, key: try ObjectKey("k"), in: "two")
                if !isDeleted {
                    try await pass(.seconds(5), triangle.clock)
                    triangle.clock.advance(by: .seconds(86_400))
                }
                try await settle(triangle.clock) { triangle.pendingOperations[1] == 0 }
            }
            let states = try await triangle.version(at: 1)?.destinations
            let state = states?.first { $0.destinationBucket == "three" }
            #expect(state?.tags == .failed)
            #expect(state?.failureReason == "DstVersionNotFound")
        }
    }
}
