import Foundation
import TernBatch
import TernCore
import TernS3Protocol

/// Asks a region's S3 Control about jobs.
struct JobClient: Sendable {
    let client: AWSClient
    let account: String

    private static let path = "/v20180820/jobs"

    init(_ client: AWSClient) async throws {
        self.client = client
        self.account = try await client.account()
    }

    /// What DescribeJob or ListJobs says of a job.
    struct Job: Codable, Equatable, Sendable {
        var id: String
        var status: String
        var operation: String
        var priority: Int
        var description: String?
        var created: String
        var terminated: String?
        var total: Int64
        var succeeded: Int64
        var failed: Int64
        var activeSeconds: Int64?
        var failures: [String]
        var reportBucket: String?
        var reportPrefix: String?

        var isEnded: Bool { JobStatus(rawValue: self.status)?.isTerminal ?? false }

        /// Why the job has no report, or not yet; `nil` where it should have one (spec rule BR-RP-1).
        var whyNoReport: String? {
            if self.reportBucket == nil { return "The job was made without a report." }
            if !self.isEnded { return "The report is written when the job ends; it is \(self.status)." }
            if self.failures.contains(where: { $0.hasPrefix(JobFailure.reportNotWritten.code) }) {
                return "The report could not be written."
            }
            return self.succeeded + self.failed == 0 ? "No task was begun, so there is no report." : nil
        }
    }

    /// - Returns: The job's ID.
    func create(_ document: [UInt8]) async throws -> String {
        let answer = try XMLParser.parse(try await self.send("POST", Self.path, body: document))
        guard let id = answer.text(of: "JobId") else { throw CommandFailure("the region does not tell the job's ID") }
        return id
    }

    func describe(_ id: String) async throws -> Job {
        let answer = try XMLParser.parse(try await self.send("GET", "\(Self.path)/\(Self.encoded(id))"))
        guard let node = answer["Job"] else { throw CommandFailure("the region does not describe the job") }
        return Job(node)
    }

    /// The role of a bucket's replication configuration.
    func replicationRole(of bucket: String) async throws -> String {
        let answer = try await self.client.send("GET", "/\(Self.encoded(bucket))?replication")
        guard let role = try XMLParser.parse(answer).text(of: "Role") else {
            throw CommandFailure("the rules of \(bucket) name no role; give --role")
        }
        return role
    }

    /// Jobs from the newest to the oldest.
    func list(statuses: [String]) async throws -> [Job] {
        var jobs: [Job] = []
        var token: String?
        repeat {
            var query = statuses.map { "jobStatuses=\(Self.encoded($0))" }
            if let token { query.append("nextToken=\(Self.encoded(token))") }
            let target = Self.path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
            let answer = try XMLParser.parse(try await self.send("GET", target))
            jobs += (answer["Jobs"]?.children ?? []).map { Job($0) }
            token = answer.text(of: "NextToken")
        } while token != nil
        return jobs
    }

    func confirm(_ id: String) async throws {
        _ = try await self.send("POST", "\(Self.path)/\(Self.encoded(id))/status?requestedJobStatus=Ready")
    }

    func cancel(_ id: String) async throws {
        _ = try await self.send("POST", "\(Self.path)/\(Self.encoded(id))/status?requestedJobStatus=Cancelled")
    }

    /// The rows of a completion report: bucket, key, version ID, status, HTTP status, code, message.
    func report(of job: Job, row: ([String]) throws -> Void) async throws {
        if let why = job.whyNoReport { throw CommandFailure(why) }
        guard let bucket = job.reportBucket else { return }
        let report = CompletionReport(prefix: job.reportPrefix, jobID: job.id)
        let bytes = try await self.object(bucket, report.manifestKey)
        struct Manifest: Decodable {
            struct Result: Decodable {
                var Bucket: String
                var Key: String
            }
            var Results: [Result]
        }
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes))
        for result in manifest.Results {
            var reader = CSVReader()
            let text = try await self.object(result.Bucket, result.Key)
            var rows: [[String]] = []
            let take = { (found: CSVRow) throws(JobFailure) in
                rows.append((0..<found.count).map { String(decoding: found[$0], as: UTF8.self) })
            }
            try reader.read(text, take)
            try reader.finish(take)
            for found in rows { try row(found) }
        }
    }

    private func object(_ bucket: String, _ key: String) async throws -> [UInt8] {
        try await self.client.send("GET", "/\(bucket)/\(PercentEncoding.encode(Array(key.utf8), keepingSlash: true))")
    }

    private func send(_ method: String, _ target: String, body: [UInt8] = []) async throws -> [UInt8] {
        try await self.client.send(
            method, target, body: body, headers: [("x-amz-account-id", self.account)])
    }

    private static func encoded(_ text: String) -> String {
        PercentEncoding.encode(Array(text.utf8), keepingSlash: false)
    }
}

extension JobClient.Job {
    init(_ node: XMLNode) {
        let report = node["Report"]?.text(of: "Enabled") == "true" ? node["Report"] : nil
        let progress = node["ProgressSummary"]
        let operation = node["Operation"]
        self.init(
            id: node.text(of: "JobId") ?? "", status: node.text(of: "Status") ?? "",
            operation: operation?.children.first?.name ?? operation?.text ?? "",
            priority: Int(node.text(of: "Priority") ?? "") ?? 0, description: node.text(of: "Description"),
            created: node.text(of: "CreationTime") ?? "", terminated: node.text(of: "TerminationDate"),
            total: Self.number(progress?.text(of: "TotalNumberOfTasks")),
            succeeded: Self.number(progress?.text(of: "NumberOfTasksSucceeded")),
            failed: Self.number(progress?.text(of: "NumberOfTasksFailed")),
            activeSeconds: progress?["Timers"]?.text(of: "ElapsedTimeInActiveSeconds").flatMap { Int64($0) },
            failures: (node["FailureReasons"]?.children ?? []).map {
                "\($0.text(of: "FailureCode") ?? ""): \($0.text(of: "FailureReason") ?? "")"
            },
            reportBucket: report?.text(of: "Bucket").map { $0.replacing("arn:aws:s3:::", with: "") },
            reportPrefix: report?.text(of: "Prefix"))
    }

    private static func number(_ text: String?) -> Int64 { text.flatMap { Int64($0) } ?? 0 }
}
