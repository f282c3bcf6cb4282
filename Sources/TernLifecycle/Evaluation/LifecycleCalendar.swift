package import TernCore

/// How long a lifecycle day is. S3's has 24 hours and begins at midnight UTC; a shorter one begins at every multiple of
/// its length since 1970, so that tests and rehearsals need not wait for midnights.
package struct LifecycleCalendar: Hashable, Sendable {
    package static let standardDaySeconds = 86_400

    package var dayMilliseconds: Int64

    /// - Parameter daySeconds: At least 1.
    package init(daySeconds: Int = Self.standardDaySeconds) {
        self.dayMilliseconds = Int64(max(daySeconds, 1)) * 1000
    }

    /// `days` after `start`, rounded up to the next beginning of a day; the very beginning of a day stays (LC-1).
    package func due(_ start: Timestamp, days: Int) -> Timestamp {
        let (span, overflows) = self.dayMilliseconds.multipliedReportingOverflow(by: Int64(days))
        let (exact, passes) = start.milliseconds.addingReportingOverflow(span)
        let latest = Timestamp(milliseconds: 253_402_300_799_000)
        // 9999-12-31T23:59:59Z: no day count of a client leads beyond what dates can say.
        guard !overflows, !passes, exact < latest.milliseconds else { return latest }
        let remainder = exact % self.dayMilliseconds
        if remainder == 0 { return Timestamp(milliseconds: exact) }
        return Timestamp(milliseconds: exact - remainder + (remainder > 0 ? self.dayMilliseconds : 0))
    }

    func due(_ time: LifecycleTime, created: Timestamp) -> Timestamp {
        switch time {
        case .days(let days): self.due(created, days: days)
        case .date(let date): date
        }
    }
}
