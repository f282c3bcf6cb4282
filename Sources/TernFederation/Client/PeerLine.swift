import NIOCore
import Synchronization
import TernCore
import TernPorts
import TernReplication

/// The line to one region: bounds what all segments together have under way on it, as ``LineWindow`` says.
///
/// Only what was sent counts, not what the system has still to send: a connection that is slow would else hold up the
/// others with what waits in it. It is kept from hoarding by small buffers.
final class PeerLine: Sendable {
    private struct Connection {
        var channel: any Channel
        var arrivedBytes: Int64 = 0
        var isNarrow = false
    }

    private struct State {
        var window = LineWindow()
        var connections: [ObjectIdentifier: Connection] = [:]
        var arrivedBytes: Int64 = 0
        /// At the last look, with what may be sent since.
        var underWay: Int64 = 0
        var isLooking = false
        var nextLook = Timestamp(milliseconds: 0)

        /// In milliseconds: some times in the time there and back.
        var lookInterval: Int64 {
            guard self.window.byteCount != nil else { return PeerLine.slowLooks }
            let part = (self.window.roundTrip ?? 0) / 10_000
            return min(max(part, PeerLine.quickLooks.lowerBound), PeerLine.quickLooks.upperBound)
        }

        mutating func take(_ answers: [(ObjectIdentifier, ConnectionState)], at now: Timestamp) {
            var roundTrip: Int64?
            self.underWay = 0
            for (identity, answer) in answers {
                self.underWay += answer.underWay
                if let own = answer.roundTrip { roundTrip = min(roundTrip ?? own, own) }
                guard let before = self.connections[identity]?.arrivedBytes else { continue }
                self.arrivedBytes += max(answer.arrivedBytes - before, 0)
                self.connections[identity]?.arrivedBytes = answer.arrivedBytes
            }
            self.window.see(
                LineWindow.Look(arrivedBytes: self.arrivedBytes, roundTrip: roundTrip, isBusy: self.underWay > 0),
                at: now.milliseconds)
            self.nextLook = now + .milliseconds(self.lookInterval)
        }
    }

    private enum Turn {
        case granted
        case look([any Channel])
        case wait(Duration)
    }

    /// Bytes that take a turn where there is a bound, and where there may be one.
    private static let pieceBytes = 16 * 1024
    private static let largePieceBytes = 64 * 1024
    /// Whoever waited so long may send all the same: a connection that leads nowhere has bytes under way until it is given
    /// up, and the others must not stand still for it.
    private static let longestWait = Duration.milliseconds(500)
    /// Between looks where there is no bound.
    private static let slowLooks: Int64 = 50
    private static let quickLooks: ClosedRange<Int64> = 2...10

    private let wall: any WallClock
    private let ask: @Sendable (any Channel) -> EventLoopFuture<ConnectionState?>
    private let state = Mutex(State())

    init(
        wall: any WallClock,
        ask: @escaping @Sendable (any Channel) -> EventLoopFuture<ConnectionState?> = { ConnectionState.ask($0) }
    ) {
        self.wall = wall
        self.ask = ask
    }

    /// The most bytes that take a turn.
    var maximumPiece: Int {
        self.state.withLock { state in
            if state.window.byteCount != nil { return Self.pieceBytes }
            return state.window.isOfQuickLine ? .max : Self.largePieceBytes
        }
    }

    func add(_ channel: any Channel) {
        let identity = ObjectIdentifier(channel)
        self.state.withLock { $0.connections[identity] = Connection(channel: channel) }
        channel.closeFuture.whenComplete { [weak self] _ in
            _ = self?.state.withLock { $0.connections.removeValue(forKey: identity) }
        }
    }

    /// Waits until a piece of a segment may be sent.
    ///
    /// - Throws: `CancellationError`.
    func awaitTurn(_ byteCount: Int) async throws {
        let latest = self.wall.now + Self.longestWait
        while true {
            let now = self.wall.now
            switch self.turn(byteCount, isLast: now >= latest, at: now) {
            case .granted: return
            case .look(let channels): await self.look(at: channels)
            case .wait(let duration): try await self.wall.sleep(until: now + duration)
            }
        }
    }

    private func turn(_ byteCount: Int, isLast: Bool, at now: Timestamp) -> Turn {
        self.state.withLock { state in
            // A clock that was set back makes nobody wait for it.
            let isSetBack = state.nextLook.milliseconds - now.milliseconds > Self.slowLooks
            if !state.isLooking, state.nextLook <= now || isSetBack {
                state.isLooking = true
                return .look(state.connections.values.map(\.channel))
            }
            guard let window = state.window.byteCount, state.underWay >= window, !isLast else {
                state.underWay += Int64(byteCount)
                return .granted
            }
            return .wait(.milliseconds(state.lookInterval))
        }
    }

    /// Asks the system about all connections, and adapts them to what comes of it.
    private func look(at channels: [any Channel]) async {
        let questions = channels.map { (ObjectIdentifier($0), self.ask($0)) }
        var answers: [(ObjectIdentifier, ConnectionState)] = []
        for (identity, question) in questions {
            // One that was closed meanwhile has nothing under way.
            if let answer = try? await question.get() { answers.append((identity, answer)) }
        }
        let now = self.wall.now
        let changed: [(channel: any Channel, isNarrow: Bool)] = self.state.withLock { state in
            state.isLooking = false
            state.take(answers, at: now)
            let isNarrow = state.window.byteCount != nil
            let different = state.connections.filter { $0.value.isNarrow != isNarrow }
            for identity in different.keys { state.connections[identity]?.isNarrow = isNarrow }
            return different.values.map { ($0.channel, isNarrow) }
        }
        for (channel, isNarrow) in changed { Self.setBuffers(of: channel, isNarrow: isNarrow) }
    }

    /// How much waits in a connection until it can be sent.
    private static func setBuffers(of channel: any Channel, isNarrow: Bool) {
        let marks =
            isNarrow
            ? ChannelOptions.Types.WriteBufferWaterMark(low: Self.pieceBytes / 2, high: Self.pieceBytes)
            : ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 64 * 1024)
        // Where it fails the connection is closed.
        channel.setOption(.writeBufferWaterMark, value: marks).whenFailure { _ in }
        #if os(Linux)
        // TCP_NOTSENT_LOWAT; 0 for what the system has for all.
        let unsentBytes = NIOBSDSocket.Option(rawValue: 25)
        channel.setOption(.tcpOption(unsentBytes), value: isNarrow ? numericCast(Self.pieceBytes) : 0)
            .whenFailure { _ in }
        #endif
    }
}
