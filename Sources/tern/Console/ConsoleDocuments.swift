import Foundation
import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernReplication
import TernS3Protocol

/// How a region is: its sums, and the rules as `tern status --json` has them.
struct ConsoleOverview: Encodable {
    var region: String
    var endpoint: String
    var time: String
    var buckets: Int
    var replicatingBuckets: Int
    var openJobs: Int
    var pendingOperations: Int64
    var pendingBytes: Int64
    var oldestPendingMs: Int64
    var failedOperations: Int64
    /// Operations that failed since the region started, by reason.
    var failures: [String: Int64]
    var rules: [RegionStatus.Rule]

    init(_ status: RegionStatus, time: String, buckets: Int, replicatingBuckets: Int, openJobs: Int) {
        self.region = status.region
        self.endpoint = status.endpoint
        self.time = time
        self.buckets = buckets
        self.replicatingBuckets = replicatingBuckets
        self.openJobs = openJobs
        self.pendingOperations = status.rules.reduce(0) { $0 + $1.pendingOperations }
        self.pendingBytes = status.rules.reduce(0) { $0 + $1.pendingBytes }
        self.oldestPendingMs = status.rules.compactMap(\.oldestPendingMs).max() ?? 0
        self.failedOperations = status.rules.reduce(0) { $0 + $1.failedOperations }
        self.failures = status.rules.compactMap(\.failures).reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        self.rules = status.rules
    }
}

/// A page of what replication gave up.
struct ConsoleFailures: Encodable {
    struct Failure: Encodable {
        var bucket: String
        var key: String
        var versionId: String
        var isDeleteMarker: Bool
        var destinationBucket: String
        var ruleId: String
        var component: String
        var reason: String
        var since: OrNull<String>
    }

    var failures: [Failure]
    /// How many versions were looked at.
    var examined: Int
    var next: OrNull<String>

    init(_ page: FailurePage) {
        self.failures = page.deliveries.map { delivery in
            Failure(
                bucket: delivery.bucket, key: delivery.key.description, versionId: delivery.reference.wireForm,
                isDeleteMarker: delivery.isDeleteMarker, destinationBucket: delivery.destinationBucket,
                ruleId: delivery.ruleID, component: delivery.component.word, reason: delivery.reason,
                since: OrNull(delivery.since?.iso8601))
        }
        self.examined = page.examined
        self.next = OrNull(page.next?.cursor)
    }
}

struct ConsoleJobs: Encodable {
    var jobs: [ConsoleJob]
    var next: OrNull<String>
}

/// A job of S3 Batch Operations.
struct ConsoleJob: Encodable {
    struct Failure: Encodable {
        var code: String
        var reason: String
    }

    var id: String
    var account: String
    var description: OrNull<String>
    var operation: String
    var status: String
    var isEnded: Bool
    var priority: Int
    var created: String
    var ended: OrNull<String>
    var totalTasks: Int64
    var succeededTasks: Int64
    var failedTasks: Int64
    /// Why the job itself failed.
    var failureReasons: [Failure]
    /// Why tasks failed, in the document of one job alone.
    var failedTasksByReason: [String: Int64]?
    var failedTasksArePartial: Bool?

    init(_ job: JobStore.Job) {
        self.id = job.id
        self.account = job.account.description
        self.description = OrNull(job.request.description)
        self.operation = job.request.operation.name
        self.status = job.state.status.rawValue
        self.isEnded = job.state.status.isTerminal
        self.priority = job.state.priority
        self.created = job.state.created.iso8601
        self.ended = OrNull(job.state.terminated?.iso8601)
        self.totalTasks = job.state.progress.total
        self.succeededTasks = job.state.progress.succeeded
        self.failedTasks = job.state.progress.failed
        self.failureReasons = job.state.failures.map { Failure(code: $0.code, reason: $0.reason) }
    }
}

/// Written as `null` where there is no value, rather than left out.
struct OrNull<Value: Encodable>: Encodable {
    var value: Value?

    init(_ value: Value?) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}

extension FailurePlace {
    /// For clients, who give it back as it is.
    var cursor: String {
        let key = Data(self.key.bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return "\(self.bucket):\(self.version.wireForm):\(key)"
    }

    init?(cursor: String) {
        let parts = cursor.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let version = VersionID(wireForm: String(parts[1])) else { return nil }
        let plain = parts[2].replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.count % 4) % 4)
        guard let bytes = Data(base64Encoded: plain + padding),
            let text = String(validating: bytes, as: UTF8.self), let key = try? ObjectKey(text)
        else { return nil }
        self.init(bucket: String(parts[0]), key: key, version: version)
    }
}
