package import TernCore

/// When a target is asked again after it failed: doubling rests with jitter, and then one message alone (TGT-1).
package struct TargetBackoff: Sendable {
    /// Failures since the last success.
    package private(set) var failures = 0
    /// Nothing is sent before.
    package private(set) var until: Timestamp?
    /// What the last failure was; empty after a success.
    package private(set) var lastError = ""
    private let maximum: Duration

    private static let first = Duration.seconds(1)

    package init(maximum: Duration) {
        self.maximum = maximum
    }

    /// Whether the next message finds out how the target is, so that it goes alone.
    package var isProbing: Bool { self.failures > 0 }

    package mutating func succeeded() {
        self.failures = 0
        self.until = nil
        self.lastError = ""
    }

    /// - Parameter jitter: In `0..<1`.
    package mutating func failed(_ error: String, at now: Timestamp, jitter: Double) {
        self.failures += 1
        self.lastError = error
        self.until = now + Self.delay(afterFailure: self.failures, maximum: self.maximum, jitter: jitter)
    }

    /// Between half and the whole of a time that doubles from a second on.
    package static func delay(afterFailure count: Int, maximum: Duration, jitter: Double) -> Duration {
        let full = min(maximum, Self.first * (1 << min(max(count - 1, 0), 20)))
        return .milliseconds(Int64(Double(full.wholeMilliseconds) * (0.5 + jitter / 2)))
    }
}
