import Foundation

/// Whether the machine's clock stands where it stood at the region's last commit, or later.
///
/// A clock that was set back would let retentions of Object Lock that have run out protect again, and, worse, let a
/// region promise retentions that end before they should: what is promised counts from now (spec rule LCK-16). When the
/// last commit was is told by the newest file of the metadata, so that nothing more has to be written.
enum ClockCheck {
    /// How far behind the clock may be: as much as it takes time services to correct in small steps.
    static let toleranceSeconds = 60.0

    /// - Parameters:
    ///   - directory: The region's data directory.
    ///   - now: The machine's time.
    /// - Throws: ``CommandFailure`` when the clock is behind.
    static func verify(dataDirectory directory: String, now: Date = Date()) throws {
        let metadata = URL(fileURLWithPath: directory).appendingPathComponent("metadata")
        // A new region has none, and storage says by itself what it cannot read.
        let files =
            (try? FileManager.default.contentsOfDirectory(
                at: metadata, includingPropertiesForKeys: [.contentModificationDateKey])) ?? []
        let newest = files.compactMap {
            try? $0.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
        }.max()
        guard let newest else { return }
        let behind = newest.timeIntervalSince(now)
        guard behind > self.toleranceSeconds else { return }
        throw CommandFailure(
            """
            \(directory): the clock of this machine is \(Int(behind)) s behind the last write of this region \
            (\(ISO8601DateFormatter().string(from: newest))); retentions of Object Lock would last longer than promised, \
            or shorter. Set the clock, or start with --allow-clock-set-back if it is right now
            """)
    }
}
