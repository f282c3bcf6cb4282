package import TernCore

/// When a lane may send: a machine without clock or chance.
///
/// A destination that cannot be reached stops its lane for a while, and never for good: every state but `idle`, which
/// has nothing to do, has a time at which it ends.
package struct LaneMachine: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// Nothing is known to be due.
        case idle
        case running
        /// The destination failed; nothing is sent before `until`.
        case backingOff(until: Timestamp)
        /// One request is let through, to see how the destination does.
        case probing
    }

    /// How much may be sent now.
    package enum Permit: Sendable, Hashable {
        case unlimited
        /// One request, if none is under way.
        case single
        case nothing(until: Timestamp)
    }

    package private(set) var state: State = .idle
    /// Failures since the destination last answered.
    package private(set) var failureCount = 0
    /// Of the latest failure; empty while the destination is well.
    package private(set) var lastError = ""

    /// The upper bound of the first delay.
    package static let delayBase = Duration.milliseconds(200)
    /// The upper bound ever: work goes on within this time after an outage has ended.
    package static let delayCeiling = Duration.seconds(2)
    /// The least delay, however the dice fall.
    package static let delayFloor = Duration.milliseconds(50)

    package init() {}

    /// There is something to send.
    package mutating func workFound() {
        if self.state == .idle { self.state = self.failureCount == 0 ? .running : .probing }
    }

    /// Nothing is left to send, and nothing is under way.
    package mutating func workExhausted() {
        switch self.state {
        case .running, .probing: self.state = .idle
        case .idle, .backingOff: break
        }
    }

    package mutating func permit(at now: Timestamp) -> Permit {
        switch self.state {
        case .idle, .running:
            return .unlimited
        case .probing:
            return .single
        case .backingOff(let until):
            if now < until { return .nothing(until: until) }
            self.state = .probing
            return .single
        }
    }

    /// The destination answered, whatever it said about each item.
    package mutating func destinationAnswered() {
        self.failureCount = 0
        self.lastError = ""
        self.state = .running
    }

    /// The destination could not be reached, or did not answer with sense.
    ///
    /// Requests that were under way together fail together: those after the first do not count again.
    ///
    /// - Parameter jitter: In `0..<1`; the delay is this fraction of its upper bound.
    package mutating func destinationFailed(_ error: String, jitter: Double, at now: Timestamp) {
        self.lastError = error
        if case .backingOff(let until) = self.state, now < until { return }
        self.failureCount += 1
        let bound = min(Self.delayBase * (1 << min(self.failureCount - 1, 20)), Self.delayCeiling)
        let delay = max(bound * min(max(jitter, 0), 1), Self.delayFloor)
        self.state = .backingOff(until: now + delay)
    }

    /// The clock was set back: a pause must not last longer for that.
    package mutating func clockWasSetBack(to now: Timestamp) {
        if case .backingOff(let until) = self.state {
            self.state = .backingOff(until: min(until, now + Self.delayCeiling))
        }
    }

    /// The state as people read it.
    package var stateName: String {
        switch self.state {
        case .idle: "idle"
        case .running: "running"
        case .backingOff: "backing off"
        case .probing: "probing"
        }
    }
}

/// How many requests may be under way at once: one more for each full request that came back well, half when one failed.
package struct RequestWindow: Sendable, Hashable {
    package private(set) var limit: Int
    private let range: ClosedRange<Int>

    package init(range: ClosedRange<Int>) {
        self.range = range
        self.limit = min(max(2, range.lowerBound), range.upperBound)
    }

    /// - Parameter wasFull: Whether the request was as large as requests get, so that more at once would help.
    package mutating func succeeded(wasFull: Bool) {
        if wasFull { self.limit = min(self.limit + 1, self.range.upperBound) }
    }

    package mutating func failed() {
        self.limit = max(self.limit / 2, self.range.lowerBound)
    }
}
