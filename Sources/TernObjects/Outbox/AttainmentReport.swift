package import TernRecords
package import TernS3Protocol
import TernStorage

/// What replication did under one rule in one month, as it is reported.
package struct MonthlyAttainment: Sendable {
    package var sourceBucket: String
    /// Year and month, in six digits.
    package var month: String
    package var record: ReplicationMonthRecord
    package var lags: LagHistogram

    /// Which part of the operations kept the threshold: of those that are done or have missed it. `nil` if there are none.
    package var attained: Double? {
        let all = self.record.within + self.record.missed
        return all == 0 ? nil : Double(self.record.within) / Double(all)
    }
}

extension ObjectService {
    /// The stored months of every rule of this region, by bucket, month and rule; those of rules that are gone too.
    ///
    /// - Parameters:
    ///   - month: Year and month in six digits; `nil` for all.
    ///   - rule: The rule's ID; `nil` for all.
    package func attainmentReport(month: String?, rule: String?) async throws(S3Error) -> [MonthlyAttainment] {
        try await self.attainment.store(in: self.metadata)
        var report: [MonthlyAttainment] = []
        for bucket in try await self.registry.all() {
            let prefix = Keyspace.replicationMonthPrefix(month ?? "")
            var range = KeyRange(prefix: prefix)
            while true {
                let page = try await self.metadata.entries(range, in: bucket.partition, limit: Self.reportPageRows)
                for entry in page {
                    let record: ReplicationMonthRecord = try decodeRecord(entry.value)
                    if let rule, record.ruleID != rule { continue }
                    var lags = LagHistogram()
                    lags.add(record.lags.lazy.map { (Int($0.bucket), $0.count) }, maximum: record.maximumMs)
                    report.append(
                        MonthlyAttainment(
                            sourceBucket: bucket.name, month: Keyspace.month(ofReplicationMonth: entry.key),
                            record: record, lags: lags))
                }
                guard page.count == Self.reportPageRows, let last = page.last else { break }
                range.lower = last.key + [0]
            }
        }
        return report
    }

    private static let reportPageRows = 500
}
