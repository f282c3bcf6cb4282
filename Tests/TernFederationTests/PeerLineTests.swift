import NIOCore
import NIOPosix
import Synchronization
import TernCore
import TernTestSupport
import Testing

@testable import TernFederation

@Suite("The line to a region")
struct PeerLineTests {
    /// A connection to a server that takes whatever comes.
    private func withConnection(_ body: (any Channel) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let client = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
        let result: Result<Void, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try? await client.close().get()
        try? await server.close().get()
        try result.get()
    }

    #if os(Linux)
    @Test("The system tells what was acknowledged of a connection, and how long the way is")
    func systemTells() async throws {
        try await self.withConnection { channel in
            try await channel.writeAndFlush(ByteBuffer(repeating: 7, count: 100_000)).get()
            var state: ConnectionState?
            let end = ContinuousClock.now + .seconds(20)
            while state?.arrivedBytes ?? 0 < 100_000, ContinuousClock.now < end {
                state = try await ConnectionState.ask(channel).get()
                await Task.yield()
            }
            // The handshake counts as a byte.
            #expect((100_000...100_001).contains(state?.arrivedBytes ?? 0))
            #expect(state?.underWay == 0)
            #expect((1..<5_000_000).contains(state?.roundTrip ?? 0))
        }
    }
    #endif

    @Test("What is sent waits while enough is under way on a long, slow line, but not for long")
    func waits() async throws {
        try await self.withConnection { channel in
            let clock = ManualClock()
            let seen = Mutex(ConnectionState(arrivedBytes: 0, underWay: 1, roundTrip: 100_000))
            let line = PeerLine(wall: clock) { channel in
                channel.eventLoop.makeSucceededFuture(seen.withLock { $0 })
            }
            line.add(channel)
            #expect(line.maximumPiece > 16 * 1024)
            for _ in 0..<100 {
                seen.withLock { $0.arrivedBytes += 125_000 }
                clock.advance(by: .milliseconds(50))
                try await line.awaitTurn(1)
            }
            #expect(line.maximumPiece == 16 * 1024)

            // Less is under way than may be.
            seen.withLock { $0.underWay = 499_000 }
            clock.advance(by: .milliseconds(50))
            try await line.awaitTurn(1000)
            // What was sent since the last look counts.
            async let second: Void = line.awaitTurn(1000)
            await self.eventually { clock.sleeperCount == 1 }
            seen.withLock { $0.underWay = 400_000 }
            clock.advance(by: .milliseconds(10))
            try await second

            seen.withLock { $0.underWay = 600_000 }
            clock.advance(by: .milliseconds(50))
            async let third: Void = line.awaitTurn(1000)
            for _ in 0..<50 {
                await self.eventually { clock.sleeperCount == 1 }
                clock.advance(by: .milliseconds(10))
            }
            try await third
        }
    }

    @Test("On a short line nothing waits, and pieces are as they come")
    func shortLine() async throws {
        try await self.withConnection { channel in
            let clock = ManualClock()
            let seen = Mutex(ConnectionState(arrivedBytes: 0, underWay: 1 << 30, roundTrip: 300))
            let line = PeerLine(wall: clock) { channel in
                channel.eventLoop.makeSucceededFuture(seen.withLock { $0 })
            }
            line.add(channel)
            for _ in 0..<100 {
                seen.withLock { $0.arrivedBytes += 125_000 }
                clock.advance(by: .milliseconds(50))
                try await line.awaitTurn(1 << 20)
            }
            #expect(line.maximumPiece == .max)
        }
    }

    @Test("A connection that is closed is forgotten")
    func closed() async throws {
        try await self.withConnection { channel in
            let clock = ManualClock()
            let asked = Atomic<Int>(0)
            let line = PeerLine(wall: clock) { channel in
                asked.add(1, ordering: .relaxed)
                return channel.eventLoop.makeSucceededFuture(nil)
            }
            line.add(channel)
            try await line.awaitTurn(1)
            #expect(asked.load(ordering: .relaxed) == 1)
            try await channel.close().get()
            try await channel.eventLoop.submit {}.get()
            clock.advance(by: .seconds(1))
            try await line.awaitTurn(1)
            #expect(asked.load(ordering: .relaxed) == 1)
        }
    }

    private func eventually(_ condition: () -> Bool) async {
        let end = ContinuousClock.now + .seconds(20)
        while !condition(), ContinuousClock.now < end { await Task.yield() }
        #expect(condition())
    }
}
