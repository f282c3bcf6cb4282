import AsyncHTTPClient
import NIOPosix
import TernCore
import TernPorts
import TernTestSupport
import Testing

@testable import TernFederation

@Suite("How far the other regions are away (MRP-14)", .timeLimit(.minutes(5)))
struct RegionDistancesTests {
    private static let near = RegionName(trusted: "us-west-2")
    private static let away = RegionName(trusted: "eu-west-1")
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    private func withDistances(
        _ endpoints: [RegionName: String], _ body: (RegionDistances, ManualClock) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let federation = FederationConfiguration(
            region: RegionName(trusted: "us-east-1"), home: RegionName(trusted: "us-east-1"),
            regions: RegionMap(endpoints.merging([RegionName(trusted: "us-east-1"): ""]) { first, _ in first }),
            accessKeyID: "F", secret: "s", ownEndpoint: "")
        let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let client = PeerClient(federation: federation, http: http, wall: clock)
        let distances = RegionDistances(client: client, wall: clock)
        let result: Result<Void, any Error>
        do { result = .success(try await body(distances, clock)) } catch { result = .failure(error) }
        try await http.shutdown()
        try result.get()
    }

    @Test("MRP-14: regions that answer get a distance, one that does not gets none, and keeps the one it had")
    func measured() async throws {
        let answers = try await ScriptedPeer { _, _ in .write(Self.ok) }
        let fails = try await ScriptedPeer { _, _ in .writeAndClose("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") }
        let endpoints = [
            Self.near: "http://127.0.0.1:\(answers.port)", Self.away: "http://127.0.0.1:\(fails.port)",
        ]
        try await self.withDistances(endpoints) { distances, clock in
            let running = Task { await distances.run() }
            while clock.sleeperCount == 0 { await Task.yield() }
            let measured = try #require(distances.distance(to: Self.near))
            #expect(measured > 0)
            #expect(distances.distance(to: Self.away) == nil)
            distances.note(3, of: Self.away)
            clock.advance(by: .seconds(20))
            while clock.sleeperCount == 0 { await Task.yield() }
            #expect(distances.distance(to: Self.away) == 3)
            #expect(fails.record.received.occurrences(of: "/_tern/v1/health") == 2)
            running.cancel()
            await running.value
        }
        try await answers.stop()
        try await fails.stop()
    }

    @Test("MRP-14: one slow answer does not turn the traffic around, several do")
    func smoothed() async throws {
        try await self.withDistances([:]) { distances, _ in
            distances.note(10, of: Self.near)
            distances.note(20, of: Self.away)
            distances.note(50, of: Self.near)
            #expect(distances.distance(to: Self.near) == 18)
            distances.note(50, of: Self.near)
            let later = try #require(distances.distance(to: Self.near))
            #expect(later > 20)
        }
    }

    @Test("MRP-14: between two regions nothing is measured")
    func two() async throws {
        let peer = try await ScriptedPeer { _, _ in .write(Self.ok) }
        try await self.withDistances([Self.near: "http://127.0.0.1:\(peer.port)"]) { distances, clock in
            let running = Task { await distances.run() }
            while clock.sleeperCount == 0 { await Task.yield() }
            #expect(distances.distance(to: Self.near) == nil)
            #expect(peer.record.connectionCount == 0)
            running.cancel()
            await running.value
        }
        try await peer.stop()
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func occurrences(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
