package import TernCore
package import TernRecords

/// A report that was delivered.
package struct InventoryReport: Hashable, Sendable {
    package var destinationBucket: String
    package var manifestKey: String
    /// When its scan began.
    package var started: Timestamp
    package var rows: Int
    package var files: Int
    /// Of all data files, compressed.
    package var byteCount: Int64
}

extension InventoryDeliveryRecord {
    mutating func note(_ report: InventoryReport) {
        if self.firstStartedMs == 0 { self.firstStartedMs = report.started.milliseconds }
        self.lastStartedMs = report.started.milliseconds
        self.destinationBucket = report.destinationBucket
        self.manifestKey = report.manifestKey
        self.rows = UInt64(report.rows)
        self.files = UInt64(report.files)
        self.problem = ""
    }

    /// What it says of when the next report is due.
    package var schedule: InventorySchedule {
        func time(_ milliseconds: Int64) -> Timestamp? {
            milliseconds == 0 ? nil : Timestamp(milliseconds: milliseconds)
        }
        return InventorySchedule(
            first: time(self.firstStartedMs), last: time(self.lastStartedMs),
            failed: self.problem.isEmpty ? nil : time(self.attemptedMs))
    }
}
