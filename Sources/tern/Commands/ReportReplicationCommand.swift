import ArgumentParser
import Foundation
import TernCore

/// `tern replication report`.
struct ReportReplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show how well replication kept its time, by month and rule.",
        discussion: """
            Of each rule and calendar month (UTC): which share of the operations that clients asked for in it was \
            replicated within 15 minutes, how long they took, and the slowest of them. Delete markers are left out, as \
            replication time promises nothing of them.

            The exit code is 1 where a region did not answer.

            tern replication report --month 2026-01
            tern replication report --rule holidays --slowest
            """
    )

    @Option(name: .long, help: "Only the rules with this ID.")
    var rule: String?

    @Option(name: .long, help: ArgumentHelp("Only this month.", valueName: "YYYY-MM"))
    var month: String?

    @Flag(help: "Also list the slowest operations of each rule.")
    var slowest = false

    @Flag(help: "Print one JSON document.")
    var json = false

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let target = try self.target()
        let targets = try self.options.targets()
        let client = OperatorClient(targets)
        let reports = await Self.ask(targets.regions, target, client)
        if self.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(["regions": reports]), as: UTF8.self))
        } else {
            print(AttainmentReport.table(reports, showsSlowest: self.slowest).joined(separator: "\n"))
        }
        if reports.contains(where: { $0.error != nil }) { throw ExitCode(1) }
    }

    /// Asks all regions at once; of one that does not answer, the report says why.
    private static func ask(
        _ regions: [FederatedRegion], _ target: String, _ client: OperatorClient
    ) async -> [AttainmentReport] {
        let answers = await withTaskGroup(of: (Int, AttainmentReport).self) { group in
            for (index, region) in regions.enumerated() {
                group.addTask {
                    do {
                        let data = try await client.get(target, from: region)
                        return (index, try JSONDecoder().decode(AttainmentReport.self, from: data))
                    } catch {
                        return (index, AttainmentReport(region: "\(region.name)", months: [], error: "\(error)"))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return regions.indices.compactMap { answers[$0] }
    }

    private func target() throws -> String {
        var query: [String] = []
        if let month = self.month {
            let digits = month.replacing("-", with: "")
            guard month.utf8.count == 7, digits.utf8.count == 6, Int(digits) != nil else {
                throw ValidationError("--month \(month): write YYYY-MM")
            }
            query.append("month=\(digits)")
        }
        if let rule = self.rule { query.append("rule=\(PercentEncoding.encode(rule.utf8, keepingSlash: false))") }
        return "/_tern/v1/replication/report" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}

/// What `GET /_tern/v1/replication/report` answers.
struct AttainmentReport: Codable, Equatable, Sendable {
    struct Lag: Codable, Equatable, Sendable {
        var p50Ms: Double
        var p90Ms: Double
        var p99Ms: Double
        var p999Ms: Double
        var maxMs: Double
    }

    struct Slow: Codable, Equatable, Sendable {
        var key: String
        var versionId: String
        var operation: String
        var requested: String
        var bytes: Int64
        var lagMs: Double
    }

    struct Month: Codable, Equatable, Sendable {
        var month: String
        var sourceBucket: String
        var destinationBucket: String
        var ruleId: String
        var replicationTimeControl: Bool
        var completedOperations: Int64
        var completedBytes: Int64
        var withinThreshold: Int64
        var missedThreshold: Int64
        var failedOperations: Int64
        var notTrackedOperations: Int64
        /// `nil` where nothing is done, and nothing has missed the threshold.
        var attainedPercent: Double?
        var lag: Lag
        var slowest: [Slow]
    }

    var region: String
    var months: [Month]
    /// Why there is no answer; only in what this command prints.
    var error: String?

    /// The table for people.
    static func table(_ reports: [AttainmentReport], showsSlowest: Bool) -> [String] {
        let header = [
            "MONTH", "FROM", "TO", "RULE", "RTC", "DONE", "IN TIME", "MISSED", "ATTAINED", "FAILED", "p50", "p99",
            "MAX",
        ]
        let months = reports.flatMap { report in report.months.map { (report.region, $0) } }
            .sorted { ($0.1.month, $0.0, $0.1.sourceBucket) < ($1.1.month, $1.0, $1.1.sourceBucket) }
        let failures = reports.compactMap(\.error)
        if months.isEmpty { return failures + ["nothing was replicated"] }
        let rows = months.map { region, month in
            [
                month.month, "\(region)/\(month.sourceBucket)", month.destinationBucket, month.ruleId,
                month.replicationTimeControl ? "yes" : "no", "\(month.completedOperations)",
                "\(month.withinThreshold)", "\(month.missedThreshold)",
                month.attainedPercent.map { Quantity.decimal($0) + " %" } ?? "-", "\(month.failedOperations)",
                Quantity.milliseconds(month.lag.p50Ms), Quantity.milliseconds(month.lag.p99Ms),
                Quantity.milliseconds(month.lag.maxMs),
            ]
        }
        var lines = failures + TextTable.lines([header] + rows, rightAligned: 5...12)
        guard showsSlowest else { return lines }
        for (region, month) in months where !month.slowest.isEmpty {
            lines += ["", "slowest of \(month.ruleId) from \(region)/\(month.sourceBucket) in \(month.month):"]
            let rows = month.slowest.map { slow in
                [
                    Quantity.milliseconds(slow.lagMs), Quantity.bytes(Double(slow.bytes)), slow.requested,
                    slow.operation,
                    slow.versionId, slow.key,
                ]
            }
            lines += TextTable.lines(rows, rightAligned: 0...1)
        }
        return lines
    }
}
