import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplicationWorkers
import TernTestSupport
import Testing

@Suite("A clock that is set back")
struct ClockSetBackTests {
    @Test(
        "What was written and tried while the clock was ahead is replicated within two minutes, however far it was ahead",
        arguments: [Duration.seconds(200), .seconds(86_400 * 30)])
    func writesOfTheFuture(step: Duration) async throws {
        let clock = ManualClock()
        let east = TestRegion("us-east-1", clock: clock, seed: 1)
        let west = TestRegion("eu-west-1", clock: clock, seed: 2)
        try await east.makeBucket("one")
        try await west.makeBucket("two")
        try await east.learn("two", of: west)
        try await east.replicate("one", to: ["two"])
        let transport = FaultyTransport(clock: clock, seed: 1)
        try await withWorkers([east, west], transport) { _ in
            clock.advance(by: step)
            transport.setReachable(false, west.name)
            for number in 0..<20 { try await east.put("k\(number)", in: "one", bytes: [UInt8(number)]) }
            // A request that breaks for what may be the fault of its contents is put off.
            transport.setReachable(true, west.name)
            transport.setPoison(["k3"])
            try await pass(.seconds(10), clock)
            try await east.put("late", in: "one", bytes: [1])
            transport.setReachable(false, west.name)
            try await pass(.seconds(20), clock)
            for number in 20..<40 { try await east.put("k\(number)", in: "one", bytes: [UInt8(number)]) }
            try await pass(.seconds(1), clock)
            clock.setBack(by: step)
            transport.setPoison([])
            transport.setReachable(true, west.name)
            try await east.put("now", in: "one", bytes: [1])
            try await settle(clock, within: .seconds(120)) {
                step > .seconds(300)
                    ? try await Self.wereAllSent(east) : east.pendingOperations == 0
            }
        }
    }

    /// Whether the other region has said of every task that its stamp is absurd: so each was sent.
    private static func wereAllSent(_ region: TestRegion) async throws -> Bool {
        let bucket = try await region.service.registry.state("one")
        let lane = LaneID(sourceBucket: "one", sourceBucketID: bucket.record.bucketID, destinationBucket: "two")
        let tasks = try await region.service.outbox.tasks(of: lane, from: nil, limit: 1000)
        return tasks.allSatisfy { $0.due < region.clock.now + .seconds(61) }
    }
}
