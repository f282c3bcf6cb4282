package import TernCore

/// When a report is due: the first as soon as it can be had, the others at the same time of the day, in UTC
/// (batch-replication §8.2).
package struct InventorySchedule: Hashable, Sendable {
    /// When the first report began; `nil` before.
    package var first: Timestamp?
    /// When the last report began that was delivered.
    package var last: Timestamp?
    /// The last attempt, if it delivered nothing.
    package var failed: Timestamp?

    package init(first: Timestamp? = nil, last: Timestamp? = nil, failed: Timestamp? = nil) {
        self.first = first
        self.last = last
        self.failed = failed
    }

    /// After a report that could not be delivered.
    package static let retryDelay = Duration.seconds(3600)

    private static let day: Int64 = 86_400_000

    /// The earliest time of the next report; `nil` where there will be none.
    ///
    /// - Parameter now: What is due already is due now.
    package func next(of configuration: InventoryConfiguration, now: Timestamp) -> Timestamp? {
        guard configuration.isEnabled, configuration.isDelivered else { return nil }
        var due = now
        if let first, let last {
            due = Self.slot(after: last, timeOf: first, configuration.frequency)
            // The clock was set back: not later than one that had its report just now.
            due = min(due, Self.slot(after: now, timeOf: first, configuration.frequency))
        }
        if let failed, failed <= now { due = max(due, failed + Self.retryDelay) }
        return due
    }

    /// The first time behind `time` that is on a day of the frequency, at the time of the day that `anchor` has.
    static func slot(
        after time: Timestamp, timeOf anchor: Timestamp, _ frequency: InventoryConfiguration.Frequency
    ) -> Timestamp {
        let timeOfDay = Self.remainder(anchor.milliseconds)
        var slot = Timestamp(milliseconds: time.milliseconds - Self.remainder(time.milliseconds) + timeOfDay)
        while slot <= time || (frequency == .weekly && slot.civilFields.weekday != 0) {
            slot = Timestamp(milliseconds: slot.milliseconds + Self.day)
        }
        return slot
    }

    private static func remainder(_ milliseconds: Int64) -> Int64 {
        let rest = milliseconds % Self.day
        return rest < 0 ? rest + Self.day : rest
    }
}
