package import TernCore

/// How many bytes a second may go to a destination, and when.
package struct BandwidthLimit: Sendable, Hashable {
    /// A time of day with a rate of its own, each day.
    package struct Window: Sendable, Hashable {
        /// Minutes since midnight, in the zone of the limit. An end that is not after the start is on the next day.
        package var start: Int
        package var end: Int
        /// `nil` for no limit; 0 sends nothing.
        package var bytesPerSecond: Int64?

        package init(start: Int, end: Int, bytesPerSecond: Int64?) {
            self.start = start
            self.end = end
            self.bytesPerSecond = bytesPerSecond
        }

        func contains(_ minute: Int) -> Bool {
            self.start < self.end
                ? (self.start..<self.end).contains(minute) : minute >= self.start || minute < self.end
        }
    }

    /// Outside of the windows; `nil` for no limit; 0 sends nothing.
    package var bytesPerSecond: Int64?
    /// The first that holds decides.
    package var windows: [Window]
    /// Where the windows' clock hangs: `UTC`, or a name of the time zone database.
    package var zone: String

    package static let utc = "UTC"
    /// The largest rate that can be set, a terabyte a second.
    package static let maximumRate: Int64 = 1_000_000_000_000
    package static let maximumWindows = 48
    package static let minutesPerDay = 24 * 60
    private static let secondsPerDay: Int64 = 24 * 3600

    package init(bytesPerSecond: Int64?, windows: [Window] = [], zone: String = Self.utc) {
        self.bytesPerSecond = bytesPerSecond
        self.windows = windows
        self.zone = zone
    }

    /// The rate at a moment, and until when it holds at least: the end of the minute, since zones may change at each.
    ///
    /// - Parameter offset: What the zone is ahead of UTC then, in seconds.
    package func rate(at now: Timestamp, offset: Int) -> (bytesPerSecond: Int64?, until: Timestamp?) {
        if self.windows.isEmpty { return (self.bytesPerSecond, nil) }
        let seconds = now.seconds + Int64(offset)
        let second = Int(((seconds % Self.secondsPerDay) + Self.secondsPerDay) % Self.secondsPerDay)
        let until = Timestamp(seconds: now.seconds + 60 - Int64(second % 60))
        guard let window = self.windows.first(where: { $0.contains(second / 60) }) else {
            return (self.bytesPerSecond, until)
        }
        return (window.bytesPerSecond, until)
    }

    /// Whether everything about it is within its bounds.
    package var isValid: Bool {
        let rates = [self.bytesPerSecond] + self.windows.map(\.bytesPerSecond)
        return self.windows.count <= Self.maximumWindows
            && rates.allSatisfy { $0.map { (0...Self.maximumRate).contains($0) } ?? true }
            && self.windows.allSatisfy {
                (0..<Self.minutesPerDay).contains($0.start) && (0...Self.minutesPerDay).contains($0.end)
                    && $0.start != $0.end
            }
    }
}
