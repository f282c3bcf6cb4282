package import TernCore

/// How strictly a retention period is kept.
package enum RetentionMode: String, Hashable, Sendable, CaseIterable {
    /// May be shortened, removed and overridden with a permission of its own.
    case governance = "GOVERNANCE"
    /// May only be extended, whoever asks.
    case compliance = "COMPLIANCE"
}

/// Until when a version must not be deleted.
///
/// Source: Amazon S3 API Reference, ObjectLockRetention; spec s3-api §8.
package struct Retention: Hashable, Sendable {
    package var mode: RetentionMode
    package var until: Timestamp

    /// The end is rounded up to a whole second, which is as fine as S3 shows it.
    package init(mode: RetentionMode, until: Timestamp) {
        self.mode = mode
        self.until = Timestamp(milliseconds: (until.milliseconds + 999) / 1000 * 1000)
    }

    /// Whether it still protects. The instant of its end is no longer part of it.
    package func isInForce(at now: Timestamp) -> Bool { self.until > now }

    /// Whether setting `new` in place of `old` protects less: an earlier end, none at all, or a laxer mode. What has
    /// run out protects nothing, so nothing can weaken it.
    package static func isWeakened(from old: Retention?, to new: Retention?, at now: Timestamp) -> Bool {
        guard let old, old.isInForce(at: now) else { return false }
        guard let new else { return true }
        return new.until < old.until || (old.mode == .compliance && new.mode == .governance)
    }

    /// Whether PutObjectRetention may set `new` in place of `old` (spec rule LCK-9).
    ///
    /// - Parameter bypassesGovernance: Whether the request bypasses governance, and its sender may.
    package static func isChangeAllowed(
        from old: Retention?, to new: Retention?, at now: Timestamp, bypassesGovernance: Bool
    ) -> Bool {
        if !self.isWeakened(from: old, to: new, at: now) { return true }
        return old?.mode == .governance && bypassesGovernance
    }
}

/// The retention that a bucket gives to new versions (spec rule LCK-11).
package struct DefaultRetention: Hashable, Sendable {
    package enum Period: Hashable, Sendable {
        case days(Int)
        case years(Int)

        /// In days; a year has 365.
        package var dayCount: Int {
            switch self {
            case .days(let days): days
            case .years(let years): years * 365
            }
        }
    }

    /// The longest period, in days and in years.
    package static let maximumDays = 36500
    package static let maximumYears = 100

    package var mode: RetentionMode
    package var period: Period

    package init(mode: RetentionMode, period: Period) {
        self.mode = mode
        self.period = period
    }

    /// The retention of a version that counts from `start`, in the whole seconds in which clients see that.
    package func retention(from start: Timestamp) -> Retention {
        Retention(mode: self.mode, until: Timestamp(seconds: start.seconds + Int64(self.period.dayCount) * 86400))
    }
}
