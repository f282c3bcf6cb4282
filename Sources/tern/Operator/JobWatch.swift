import Foundation

/// Watches a job until it ends: on a terminal with a bar, its rate and the time that is left.
struct JobWatch {
    let jobs: JobClient

    private static let interval = Duration.seconds(1)
    private static let width = 30

    func run(_ id: String) async throws -> JobClient.Job {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let start = ContinuousClock.now
        var first: Int64?
        while true {
            let job = try await self.jobs.describe(id)
            if isTerminal {
                let done = job.succeeded + job.failed
                if first == nil, job.total > 0 { first = done }
                Self.write("\r\u{1B}[K" + Self.line(job, since: start, from: first ?? 0))
            }
            if job.isEnded || job.status == "Suspended" {
                if isTerminal { Self.write("\r\u{1B}[K") }
                return job
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    private static func line(_ job: JobClient.Job, since start: ContinuousClock.Instant, from first: Int64) -> String {
        let done = job.succeeded + job.failed
        guard job.total > 0, job.status != "Preparing" else {
            return job.status + (job.total > 0 ? "  \(job.total) tasks" : "")
        }
        let filled = Int(Int64(self.width) * done / job.total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: self.width - filled)
        let seconds = Double(start.duration(to: .now).components.seconds)
        let rate = seconds > 0 ? Double(done - first) / seconds : 0
        var text = "\(job.status)  \(bar)  \(done * 100 / job.total) %  \(done)/\(job.total)"
        if rate > 0 {
            text += "  \(Int(rate))/s  \(Self.time(Double(job.total - done) / rate)) left"
        }
        if job.failed > 0 { text += "  \(job.failed) failed" }
        return text
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return whole < 120 ? "\(whole) s" : whole < 7200 ? "\(whole / 60) min" : "\(whole / 3600) h"
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
        if let seconds = job.activeSeconds { lines.append("active     \(seconds) s") }
        for failure in job.failures { lines.append("failure    \(failure)") }
        if let bucket = job.reportBucket {
            let folder = job.reportPrefix.map { "\($0)/" } ?? ""
            lines.append("report     s3://\(bucket)/\(folder)job-\(job.id)/manifest.json")
        }
        Swift.print(lines.joined(separator: "\n"))
    }

    /// How many tasks failed for what.
    static func printReasons(of job: JobClient.Job, _ jobs: JobClient) async throws {
        var counts: [String: Int] = [:]
        try await jobs.report(of: job) { row in
            if row.count == 7, row[3] == "failed" { counts["\(row[5])  \(row[6])", default: 0] += 1 }
        }
        for (reason, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            Swift.print("\(count)\t\(reason)")
        }
    }
}
