/// How long a job stands still after trouble that passes: with the store, or with what its role writes.
package enum JobBackoff {
    private static let first = 1000.0
    private static let longest = 60_000.0

    /// From a second, doubled each time, up to a minute; half of it by chance, so that jobs do not come back together.
    ///
    /// - Parameters:
    ///   - troubles: In a row, this one among them.
    ///   - jitter: In 0..<1, by chance.
    package static func delay(afterTroubles troubles: Int, jitter: Double) -> Duration {
        let limit = min(self.longest, self.first * Double(1 << min(max(0, troubles - 1), 10)))
        return .milliseconds(Int64(limit * (0.5 + 0.5 * jitter)))
    }
}
