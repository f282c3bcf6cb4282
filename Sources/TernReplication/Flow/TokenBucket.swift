package import TernCore

/// Counts the bytes that a rate allows: a machine without a clock.
///
/// Whoever takes more than there is puts the bucket in debt, and the next waits until that is paid. So a request of any
/// size passes, and over time exactly the rate does.
package struct TokenBucket: Sendable, Hashable {
    /// Bytes a second, above 0.
    package private(set) var rate: Int64
    /// In thousandths of bytes, so that every millisecond counts in whole numbers.
    private var credit: Int64 = 0
    private var counted: Timestamp

    /// What is not used can be used later, but no more than of this time.
    private static let savedMilliseconds: Int64 = 100
    /// Counted at once at most, against overflow; who waits looks more often.
    private static let countedMilliseconds: Int64 = 3_600_000

    package init(rate: Int64, at now: Timestamp) {
        self.rate = max(rate, 1)
        self.counted = now
    }

    package mutating func setRate(_ rate: Int64, at now: Timestamp) {
        self.count(to: now)
        self.rate = max(rate, 1)
        self.credit = min(self.credit, self.rate * Self.savedMilliseconds)
    }

    /// Whether something may be taken now.
    package mutating func isOpen(at now: Timestamp) -> Bool {
        self.count(to: now)
        return self.credit >= 0
    }

    package mutating func take(_ bytes: Int64) {
        self.credit -= min(max(bytes, 0), Int64.max / 4000) * 1000
    }

    /// When something may be taken, if `ahead` bytes are taken before.
    package func opens(after ahead: Int64 = 0) -> Timestamp {
        let missing = min(max(ahead, 0), Int64.max / 4000) * 1000 - self.credit
        guard missing > 0 else { return self.counted }
        return Timestamp(milliseconds: self.counted.milliseconds + (missing - 1) / self.rate + 1)
    }

    private mutating func count(to now: Timestamp) {
        let elapsed = now.milliseconds - self.counted.milliseconds
        // A clock that was set back makes nobody wait for it.
        self.counted = now
        guard elapsed > 0 else { return }
        let earned = self.rate * min(elapsed, Self.countedMilliseconds)
        self.credit = min(self.credit + earned, self.rate * Self.savedMilliseconds)
    }
}
