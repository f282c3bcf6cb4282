import TernControlPlane
import TernCore
import TernPorts
import Testing

/// identity-and-control, part 8: regions join while others run.
@Suite struct JoinedRegionsTests {
    private static let home = RegionName(trusted: "us-east-1")
    private static let new = RegionName(trusted: "ap-1")
    private static let endpoint = "http://10.0.2.1:9000"

    private let log = MemoryControlLog()
    private let map = RegionMap([Self.home: "http://10.0.0.1:9000"])

    @Test func joiningTwiceChangesNothing() async throws {
        let joined = JoinedRegions(log: self.log, regions: self.map)
        #expect(joined.look(Self.new, endpoint: Self.endpoint) == .joined)
        #expect(!self.map.contains(Self.new))
        #expect(try await joined.join(Self.new, endpoint: Self.endpoint) == .joined)
        #expect(try await joined.join(Self.new, endpoint: Self.endpoint) == .known)
        #expect(self.map[Self.new] == Self.endpoint)
        #expect(try await self.log.rows(prefix: []).count == 1)
    }

    @Test func aNameAndAnEndpointBelongTogether() async throws {
        let joined = JoinedRegions(log: self.log, regions: self.map)
        _ = try await joined.join(Self.new, endpoint: Self.endpoint)
        #expect(
            try await joined.join(Self.new, endpoint: "http://10.0.2.2:9000") == .otherEndpoint(Self.endpoint))
        let other = RegionName(trusted: "ap-2")
        #expect(try await joined.join(other, endpoint: Self.endpoint) == .endpointTaken(Self.new))
        #expect(
            try await joined.join(Self.home, endpoint: Self.endpoint) == .otherEndpoint("http://10.0.0.1:9000"))
        #expect(try await joined.join(Self.home, endpoint: "http://10.0.0.1:9000") == .known)
    }

    @Test func rowsAreReadAtTheStartAndFollowed() async throws {
        let joined = JoinedRegions(log: self.log, regions: self.map)
        _ = try await joined.join(Self.new, endpoint: Self.endpoint)
        let elsewhere = RegionMap([:])
        let follower = JoinedRegions(log: self.log, regions: elsewhere)
        try await follower.load()
        #expect(elsewhere[Self.new] == Self.endpoint)
        #expect(try await joined.remove(Self.new))
        #expect(try await !joined.remove(Self.new))
        try await follower.refresh([Array("regions/ap-1".utf8), Array("iam".utf8)])
        #expect(!elsewhere.contains(Self.new))
        #expect(!self.map.contains(Self.new))
    }

    @Test func theConfigurationGoesBeforeARow() async throws {
        let joined = JoinedRegions(log: self.log, regions: RegionMap([:]))
        _ = try await joined.join(Self.home, endpoint: Self.endpoint)
        try await JoinedRegions(log: self.log, regions: self.map).load()
        #expect(self.map[Self.home] == "http://10.0.0.1:9000")
    }
}
