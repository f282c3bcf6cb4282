import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension PeerRouter {
    /// How well replication kept its time, by month and rule.
    func report(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        let month = target["month"]
        if let month, month.utf8.count != 6 || !month.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Self.text(400, "month is a year and a month in six digits")
        }
        let months = try await self.service.attainmentReport(month: month, rule: target["rule"])
        var json = JSONText()
        json.object { json in
            json.member("region", self.federation.region.description)
            json.array("months", months) { json, month in
                json.object { json in Self.write(month, to: &json) }
            }
        }
        return Self.json(json.text)
    }

    private static func write(_ month: MonthlyAttainment, to json: inout JSONText) {
        let record = month.record
        json.member("month", "\(month.month.prefix(4))-\(month.month.suffix(2))")
        json.member("sourceBucket", month.sourceBucket)
        json.member("destinationBucket", record.destinationBucket)
        json.member("ruleId", record.ruleID)
        json.member("replicationTimeControl", record.timeControl)
        json.member("completedOperations", Int64(clamping: record.completed))
        json.member("completedBytes", Int64(clamping: record.bytes))
        json.member("withinThreshold", Int64(clamping: record.within))
        json.member("missedThreshold", Int64(clamping: record.missed))
        json.member("failedOperations", Int64(clamping: record.failed))
        json.member("notTrackedOperations", Int64(clamping: record.notTracked))
        if let attained = month.attained {
            json.member("attainedPercent", attained * 100)
        } else {
            json.null("attainedPercent")
        }
        json.object("lag") { json in
            json.member("p50Ms", month.lags.quantile(0.5))
            json.member("p90Ms", month.lags.quantile(0.9))
            json.member("p99Ms", month.lags.quantile(0.99))
            json.member("p999Ms", month.lags.quantile(0.999))
            json.member("maxMs", month.lags.maximum)
        }
        json.array("slowest", record.slowest) { json, slow in
            json.object { json in
                json.member("key", ObjectKey(trusted: Array(slow.key)).description)
                json.member("versionId", slow.version.versionID.wireForm)
                json.member("operation", slow.kind == .tags ? "attributes" : "object")
                json.member("requested", Timestamp(milliseconds: slow.requestMs).iso8601)
                json.member("bytes", slow.byteCount)
                json.member("lagMs", slow.lagMs)
            }
        }
    }
}
