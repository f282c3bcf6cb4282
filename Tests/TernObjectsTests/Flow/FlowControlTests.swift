import TernCore
import TernObjects
import TernReplication
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Pauses and limits of replication")
struct FlowControlTests {
    let clock = ManualClock()
    let region: TestRegion
    let lane = LaneID(sourceBucket: "src", sourceBucketID: 7, destinationBucket: "dst")

    init() {
        self.region = TestRegion("us-east-1", clock: self.clock, seed: 1)
    }

    func control(_ defaults: [FlowDestination: BandwidthLimit] = [:]) async throws -> FlowControl {
        let control = FlowControl(metadata: self.region.metadata, wall: self.clock, defaults: defaults) { zone, _ in
            ["UTC": 0, "Asia/Kolkata": 19_800][zone]
        }
        try await control.load { $0 == 7 }
        return control
    }

    func pause(rule: String = "", destination: String = "", bucket: UInt64 = 7, seconds: Int64? = nil)
        -> ReplicationPause
    {
        ReplicationPause(
            id: .init(sourceBucketID: bucket, ruleID: rule, destinationBucket: destination), sourceBucket: "src",
            since: self.clock.now, until: seconds.map { self.clock.now + .seconds($0) })
    }

    @Test("I-11: a pause is of a rule, of a destination or of a bucket, in lanes of every class")
    func subjects() async throws {
        let control = try await self.control()
        try await control.pause(self.pause(rule: "r"))
        for lane in self.lane.classes {
            let pause = control.pause(of: lane, at: self.clock.now)
            #expect(!pause.isWhole)
            #expect(pause.rules == ["r"])
        }
        try await control.pause(self.pause(destination: "other"))
        #expect(!control.pause(of: self.lane, at: self.clock.now).isWhole)
        try await control.pause(self.pause(destination: "dst"))
        #expect(control.pause(of: self.lane, at: self.clock.now).isWhole)
        #expect(try await control.resume { $0.id.destinationBucket == "dst" } == 1)
        #expect(!control.pause(of: self.lane, at: self.clock.now).isWhole)
        try await control.pause(self.pause())
        #expect(control.pause(of: self.lane, at: self.clock.now).isWhole)
        let stranger = LaneID(sourceBucket: "src", sourceBucketID: 8, destinationBucket: "dst")
        #expect(control.pause(of: stranger, at: self.clock.now) == .none)
    }

    @Test("A-46: a pause ends by itself, survives restarts, and is forgotten with its bucket")
    func durability() async throws {
        let control = try await self.control()
        try await control.pause(self.pause(rule: "short", seconds: 60))
        try await control.pause(self.pause(rule: "long"))
        try await control.pause(self.pause(bucket: 9))
        var again = try await self.control()
        #expect(again.pauses.map(\.id.ruleID) == ["long", "short"])
        #expect(again.pause(of: self.lane, at: self.clock.now).next == self.clock.now + .seconds(60))
        self.clock.advance(by: .seconds(60))
        #expect(again.pause(of: self.lane, at: self.clock.now).rules == ["long"])
        #expect(again.pause(of: self.lane, ruleID: "short") == nil)
        #expect(again.pause(of: self.lane, ruleID: "long")?.until == nil)
        again = try await self.control()
        #expect(again.pauses.map(\.id.ruleID) == ["long"])
        #expect(try await again.resume { _ in true } == 1)
        #expect(try await self.control().pauses.isEmpty)
    }

    @Test("Limits hold at once and after a restart, before those of the configuration, which come back")
    func limits() async throws {
        let west = RegionName(trusted: "eu-west-1")
        let defaults = [FlowDestination.region("eu-west-1"): BandwidthLimit(bytesPerSecond: 1000)]
        let control = try await self.control(defaults)
        #expect(control.limit(ofBucket: "dst", region: west) == 1000)
        let before = control.changeCount
        try await control.setLimit(BandwidthLimit(bytesPerSecond: 500), of: .bucket("dst"))
        #expect(control.changeCount > before)
        #expect(control.limit(ofBucket: "dst", region: west) == 500)
        #expect(control.limit(ofBucket: "other", region: west) == 1000)
        try await control.setLimit(BandwidthLimit(bytesPerSecond: nil), of: .region("eu-west-1"))
        let again = try await self.control(defaults)
        #expect(again.limit(ofBucket: "dst", region: west) == 500)
        #expect(again.limit(ofBucket: "other", region: west) == nil)
        #expect(again.limits.map(\.isDefault) == [false, false])
        try await again.setLimit(nil, of: .region("eu-west-1"))
        try await again.setLimit(nil, of: .bucket("dst"))
        #expect(again.limit(ofBucket: "dst", region: west) == 1000)
        #expect(again.limits.map(\.isDefault) == [true])
    }

    @Test("A schedule follows the clock in its zone; zones that are not known and numbers out of bounds are refused")
    func schedules() async throws {
        let west = RegionName(trusted: "eu-west-1")
        let control = try await self.control()
        // 22:13:20 UTC, which is 03:43:20 in Kolkata.
        let windows = [try #require(BandwidthLimit.Window("03:00-04:00=10B"))]
        try await control.setLimit(
            BandwidthLimit(bytesPerSecond: 99, windows: windows, zone: "Asia/Kolkata"), of: .region("eu-west-1"))
        #expect(control.limit(ofBucket: "dst", region: west) == 10)
        self.clock.advance(by: .seconds(16 * 60 + 39))
        #expect(control.limit(ofBucket: "dst", region: west) == 10)
        self.clock.advance(by: .seconds(1))
        #expect(control.limit(ofBucket: "dst", region: west) == 99)
        await #expect(throws: S3Error.self) {
            try await control.setLimit(BandwidthLimit(bytesPerSecond: 1, zone: "Mars/Olympus"), of: .bucket("dst"))
        }
        await #expect(throws: S3Error.self) {
            try await control.setLimit(BandwidthLimit(bytesPerSecond: -5), of: .bucket("dst"))
        }
        #expect(control.limits.count == 1)
    }
}
