package import TernCore

/// Time and chance, handed in, so that tests and the simulator decide both.
package protocol WallClock: Sendable {
    var now: Timestamp { get }

    /// Returns at `deadline`, or throws `CancellationError`.
    func sleep(until deadline: Timestamp) async throws
}

/// A source of random bits.
package protocol RandomSource: Sendable {
    func next() -> UInt64
}

extension RandomSource {
    /// Uniform in `0..<1`.
    package func nextFraction() -> Double {
        Double(self.next() >> 11) * 0x1p-53
    }
}
