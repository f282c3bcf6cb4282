import Foundation
import TernBatch
import TernCore

/// Watches a job until it ends or waits for its confirmation: on a terminal with a bar, elsewhere with a line now and then,
/// both on standard error.
struct JobWatch {
    let jobs: JobClient
    /// Whether lines are written where there is no terminal.
    var writesLines = true

    private static let interval = Duration.seconds(1)
    private static let lineInterval = Duration.seconds(10)
    /// How long a region may give no answer.
    private static let patience = Duration.seconds(120)

    func run(_ id: String) async throws -> JobClient.Job {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let start = ContinuousClock.now
        var meter = JobMeter()
        var lastLine: (status: String, time: Duration)?
        while true {
            let job = try await self.describe(id)
            let time = start.duration(to: .now)
            // A paused job is not a slow one.
            if job.status == "Active" { meter.note(job.succeeded + job.failed, at: time) } else { meter = JobMeter() }
            let isOver = job.isEnded || job.status == "Suspended"
            if isTerminal {
                Self.write("\r\u{1B}[K" + (isOver ? "" : meter.line(job, width: Self.columns)))
            } else if self.writesLines, !isOver,
                lastLine.map({ $0.status != job.status || time - $0.time >= Self.lineInterval }) ?? true
            {
                Self.write(meter.line(job, width: nil) + "\n")
                lastLine = (job.status, time)
            }
            if isOver { return job }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// The job goes on while its region restarts, and so does who watches it.
    private func describe(_ id: String) async throws -> JobClient.Job {
        let start = ContinuousClock.now
        while true {
            do {
                return try await self.jobs.describe(id)
            } catch let failure as CommandFailure {
                guard failure.mayPass, start.duration(to: .now) < Self.patience else { throw failure }
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Of the terminal.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Foundation.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// Shows jobs to people and programs.
enum JobPrinter {
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func print(_ job: JobClient.Job) {
        var lines = [
            "job        \(job.id)", "operation  \(job.operation)", "status     \(job.status)",
            "priority   \(job.priority)",
            "tasks      \(job.total): \(job.succeeded) succeeded, \(job.failed) failed",
            "created    \(job.created)",
        ]
        if let description = job.description { lines.append("for        \(description)") }
        if let ended = job.terminated { lines.append("ended      \(ended)") }
        if let seconds = job.activeSeconds {
            let rate = seconds > 0 ? ", \(JobMeter.grouped((job.succeeded + job.failed) / seconds)) tasks/s" : ""
            lines.append("active     \(seconds) s\(rate)")
        }
        for failure in job.failures { lines.append("failure    \(failure)") }
        if let bucket = job.reportBucket, !job.isEnded || job.whyNoReport == nil {
            let report = CompletionReport(prefix: job.reportPrefix, jobID: job.id)
            lines.append("report     s3://\(bucket)/\(report.manifestKey)")
        }
        Swift.print(lines.joined(separator: "\n"))
    }

    /// How many tasks failed for what: as the report says, or else the region.
    ///
    /// - Parameter options: Who may be an operator of the region, whom it tells without a report too.
    static func printReasons(of job: JobClient.Job, _ jobs: JobClient, _ options: ClientOptions) async throws {
        guard let why = job.whyNoReport else {
            var counts: [String: Int64] = [:]
            try await jobs.report(of: job) { row in
                if row.count == 7, row[3] == "failed" { counts["\(row[5])  \(row[6])", default: 0] += 1 }
            }
            return self.print(counts)
        }
        guard job.failed > 0 else { return Swift.print(why) }
        guard let (client, region) = try options.operated() else {
            return Swift.print("\(why) Which tasks failed, and why, is in a report: give --report-bucket.")
        }
        let id = PercentEncoding.encode(Array(job.id.utf8), keepingSlash: false)
        let answer = try await client.get("/_tern/v1/jobs/failures?job=\(id)", from: region)
        let failures = try JSONDecoder().decode(Failures.self, from: answer)
        self.print(failures.counts)
        if failures.partial { Swift.print("There are more: these are the reasons of the first results.") }
    }

    private struct Failures: Decodable {
        var counts: [String: Int64]
        var partial: Bool
    }

    private static func print(_ counts: [String: Int64]) {
        for (reason, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            Swift.print("\(count)\t\(reason)")
        }
    }
}
