import Synchronization
import TernCore
import TernPorts
package import TernReplication

/// Where requests to a destination with a bandwidth limit wait for their turn.
package final class BandwidthGate: Sendable {
    private struct State {
        var queue = BandwidthQueue()
        var limit: BandwidthLimit?
        /// When the rate has to be looked up again; `nil` for never.
        var rateUntil: Timestamp?
        var rate: Int64?
        var isRateKnown = false
    }

    private let wall: any WallClock
    private let zoneOffset: ZoneOffset
    private let state = Mutex(State())

    init(wall: any WallClock, zoneOffset: @escaping ZoneOffset) {
        self.wall = wall
        self.zoneOffset = zoneOffset
    }

    func set(_ limit: BandwidthLimit?) {
        self.state.withLock { state in
            state.limit = limit
            state.isRateKnown = false
            self.lookUpRate(&state, at: self.wall.now)
        }
    }

    /// Bytes a second at this moment; `nil` for no limit.
    package var rate: Int64? {
        self.state.withLock { state in
            self.lookUpRate(&state, at: self.wall.now)
            return state.rate
        }
    }

    /// Returns when the bytes may be sent, all at once; the next wait for as long as they take at the rate.
    ///
    /// - Parameter isWanted: Asked again and again while the request waits.
    /// - Returns: Whether the request may be sent; `false` when it is not wanted any more.
    /// - Throws: `CancellationError`.
    package func pass(
        lane: Int, traffic: TrafficClass, bytes: Int64, isWanted: () -> Bool = { true }
    ) async throws -> Bool {
        let ticket = self.state.withLock { $0.queue.enter(lane: lane, traffic: traffic, bytes: bytes) }
        do {
            while true {
                let now = self.wall.now
                let answer = self.state.withLock { state in
                    self.lookUpRate(&state, at: now)
                    return state.queue.ask(ticket, at: now)
                }
                switch answer {
                case .granted: return true
                case .waits(let until):
                    guard isWanted() else {
                        self.state.withLock { $0.queue.leave(ticket) }
                        return false
                    }
                    try await self.wall.sleep(until: until)
                }
            }
        } catch {
            self.state.withLock { $0.queue.leave(ticket) }
            throw error
        }
    }

    private func lookUpRate(_ state: inout State, at now: Timestamp) {
        if state.isRateKnown {
            // A rate holds for a minute at most; a clock that was set back must not make it hold for longer.
            guard let until = state.rateUntil, now >= until || until - now > .seconds(60) else { return }
        }
        state.isRateKnown = true
        guard let limit = state.limit else {
            state.rate = nil
            state.rateUntil = nil
            state.queue.setRate(nil, at: now)
            return
        }
        (state.rate, state.rateUntil) = limit.rate(at: now, offset: self.zoneOffset(limit.zone, now) ?? 0)
        state.queue.setRate(state.rate, at: now)
    }
}
