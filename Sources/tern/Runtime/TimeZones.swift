import Foundation
import TernCore

/// The time zones of the system.
enum TimeZones {
    /// What a zone is ahead of UTC at a moment, in seconds; `nil` for a zone that is not known.
    @Sendable static func offset(_ zone: String, _ time: Timestamp) -> Int? {
        if zone == "UTC" { return 0 }
        return TimeZone(identifier: zone)?
            .secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
    }
}
