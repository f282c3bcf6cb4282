/// A hybrid-logical-clock stamp: 48 bits of milliseconds since 1970, 16 bits of counter.
///
/// Stamps order the versions of a key and the writes of a mutable attribute alike in every region (`docs/architecture.md`).
package struct HybridTimestamp: Hashable, Sendable, Comparable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package init(milliseconds: Int64, counter: UInt16) {
        self.rawValue = UInt64(clamping: milliseconds) << 16 | UInt64(counter)
    }

    /// Milliseconds since 1970.
    package var milliseconds: Int64 { Int64(self.rawValue >> 16) }

    package static let zero = HybridTimestamp(rawValue: 0)

    package static func < (left: HybridTimestamp, right: HybridTimestamp) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A hybrid logical clock: never behind the wall clock, never behind a stamp it has made or seen.
///
/// Pure: the wall clock is an argument.
package struct HybridClock: Sendable {
    private var last: HybridTimestamp

    /// How far, in milliseconds, a peer's stamp may be ahead of our wall clock before it is refused.
    package static let maximumDriftMilliseconds: Int64 = 5 * 60 * 1000

    package init(last: HybridTimestamp = .zero) {
        self.last = last
    }

    /// A stamp later than every one made or observed so far.
    package mutating func tick(now: Timestamp) -> HybridTimestamp {
        let wall = HybridTimestamp(milliseconds: now.milliseconds, counter: 0)
        self.last = wall > self.last ? wall : HybridTimestamp(rawValue: self.last.rawValue + 1)
        return self.last
    }

    /// Moves the clock past a stamp of our own storage, without a bound.
    package mutating func advance(past stamp: HybridTimestamp) {
        if stamp > self.last { self.last = stamp }
    }

    /// Moves the clock past a peer's stamp; `false`, and nothing moves, if the stamp is absurdly far ahead.
    package mutating func observe(_ stamp: HybridTimestamp, now: Timestamp) -> Bool {
        if stamp.milliseconds > now.milliseconds + Self.maximumDriftMilliseconds { return false }
        self.advance(past: stamp)
        return true
    }
}
