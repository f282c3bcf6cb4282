/// What `GET /_tern/v1/status` answers: one region and the replication rules of its buckets.
struct RegionStatus: Codable, Equatable, Sendable {
    /// How long replication took, in milliseconds, over the recent past.
    struct Lag: Codable, Equatable, Sendable {
        var p50Ms: Double?
        var p90Ms: Double?
        var p99Ms: Double?
        var maxMs: Double?
    }

    struct Rule: Codable, Equatable, Sendable {
        var sourceBucket: String
        var destinationBucket: String
        var destinationRegion: String?
        var ruleId: String
        var pendingOperations: Int64
        var pendingBytes: Int64
        var oldestPendingMs: Int64?
        var completedOperations: Int64
        var completedBytes: Int64
        var failedOperations: Int64
        /// By reason, since the process started.
        var failures: [String: Int64]?
        var operationsPerSecond: Double
        var bytesPerSecond: Double
        var laneState: String?
        /// Versions of the lane that are not as replication should have left them; absent until it was compared.
        var divergentObjects: Int64?
        var verifiedAt: String?
        var lag: Lag?
    }

    var region: String
    var endpoint: String
    var healthy: Bool
    var rules: [Rule]
    /// The region again, under the key that configurations use; only in what this command prints.
    var name: String?
    /// Why there is no answer; only in what this command prints.
    var error: String?
}

/// What `tern status --json` prints.
struct FederationStatus: Codable, Equatable, Sendable {
    var regions: [RegionStatus]
}

extension FederationStatus {
    /// The table for people.
    var table: String {
        var lines: [String] = []
        for region in self.regions {
            let state = region.healthy ? "up" : "DOWN"
            lines.append("\(region.region)  \(region.endpoint)  \(state)" + (region.error.map { "  (\($0))" } ?? ""))
        }
        let header = [
            "FROM", "TO", "RULE", "LANE", "PENDING", "BYTES", "OLDEST", "DONE", "FAILED", "RATE", "LAG p50/p99/max",
        ]
        let rows = self.regions.flatMap { region in region.rules.map { Self.row(region.region, $0) } }
        lines.append("")
        lines += rows.isEmpty ? ["no replication rules"] : TextTable.lines([header] + rows, rightAligned: 4...9)
        for region in self.regions {
            for rule in region.rules {
                guard let failures = rule.failures, !failures.isEmpty else { continue }
                let reasons = failures.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                lines.append(
                    "failed from \(region.region)/\(rule.sourceBucket) by \(rule.ruleId): "
                        + reasons.joined(separator: ", "))
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ region: String, _ rule: RegionStatus.Rule) -> [String] {
        let lag =
            [rule.lag?.p50Ms, rule.lag?.p99Ms, rule.lag?.maxMs].map { $0.map { Quantity.milliseconds($0) } ?? "-" }
            .joined(separator: "/")
        return [
            "\(region)/\(rule.sourceBucket)",
            "\(rule.destinationRegion.map { "\($0)/" } ?? "")\(rule.destinationBucket)",
            rule.ruleId,
            rule.laneState ?? "-",
            String(rule.pendingOperations),
            Quantity.bytes(Double(rule.pendingBytes)),
            rule.oldestPendingMs.map { Quantity.milliseconds(Double($0)) } ?? "-",
            String(rule.completedOperations),
            String(rule.failedOperations),
            "\(Quantity.decimal(rule.operationsPerSecond))/s \(Quantity.bytes(rule.bytesPerSecond))/s",
            lag,
        ]
    }
}
