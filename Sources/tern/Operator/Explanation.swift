/// What `GET /_tern/v1/explain` answers: how one object version replicates, and why.
struct Explanation: Codable, Equatable, Sendable {
    struct Rule: Codable, Equatable, Sendable {
        var ruleId: String
        var destinationBucket: String
        /// `replicate` or `skip`.
        var decision: String
        var reason: String?
    }

    struct ReplicationTask: Codable, Equatable, Sendable {
        var kind: String
        var attempts: Int64
        var dueAt: String?
        var lastError: String?
    }

    struct Lane: Codable, Equatable, Sendable {
        var state: String
        var lastError: String?
        var nextAttemptAt: String?
    }

    struct Failure: Codable, Equatable, Sendable {
        var component: String
        var reason: String
    }

    struct Delivery: Codable, Equatable, Sendable {
        var destinationBucket: String
        var ruleId: String?
        /// The state of the data: `PENDING`, `COMPLETED` or `FAILED`.
        var data: String?
        /// The states of the attributes that were changed on their own.
        var tags: String?
        var acl: String?
        var retention: String?
        var legalHold: String?
        /// The reason of the latest failure.
        var failureReason: String?
        /// The reasons of all of them.
        var failures: [Failure]?
        var completedAt: String?
        var task: ReplicationTask?
        var lane: Lane?
    }

    var bucket: String
    var key: String
    var versionId: String?
    var isLatest: Bool?
    var isDeleteMarker: Bool?
    /// The version's `x-amz-replication-status`; absent when no rule concerns it.
    var status: String?
    var rules: [Rule]
    var deliveries: [Delivery]
}

extension Explanation {
    /// The explanation for people.
    var text: String {
        var lines = ["s3://\(self.bucket)/\(self.key)"]
        var facts: [String] = []
        if let versionId = self.versionId { facts.append("version \(versionId)") }
        if self.isLatest == true { facts.append("latest") }
        if self.isDeleteMarker == true { facts.append("delete marker") }
        if !facts.isEmpty { lines.append("  \(facts.joined(separator: ", "))") }
        lines.append("  replication status: \(self.status ?? "none, no rule concerns it")")

        lines += ["", "Rules"]
        if self.rules.isEmpty { lines.append("  the bucket has none") }
        for rule in self.rules {
            let verb = rule.decision == "replicate" ? "replicates to" : "skips"
            lines.append(
                "  \(rule.ruleId): \(verb) \(rule.destinationBucket)" + (rule.reason.map { ": \($0)" } ?? ""))
        }

        lines += ["", "Destinations"]
        if self.deliveries.isEmpty { lines.append("  none") }
        for delivery in self.deliveries { lines += Self.lines(delivery) }
        return lines.joined(separator: "\n")
    }

    private static func lines(_ delivery: Delivery) -> [String] {
        var lines = ["  \(delivery.destinationBucket)" + (delivery.ruleId.map { " (rule \($0))" } ?? "")]
        if let data = delivery.data { lines.append("    object: \(data)") }
        let attributes = [
            ("tags", delivery.tags), ("ACL", delivery.acl), ("retention", delivery.retention),
            ("legal hold", delivery.legalHold),
        ]
        for (name, state) in attributes {
            if let state, state != "NONE" { lines.append("    \(name): \(state)") }
        }
        if let failures = delivery.failures, !failures.isEmpty {
            for failure in failures { lines.append("    failed: \(failure.component): \(failure.reason)") }
        } else if let reason = delivery.failureReason {
            lines.append("    failed: \(reason)")
        }
        if let completedAt = delivery.completedAt { lines.append("    completed at \(completedAt)") }
        if let task = delivery.task {
            let due = task.dueAt.map { ", next due \($0)" } ?? ""
            lines.append("    waiting task: \(task.kind), \(task.attempts) attempts\(due)")
            if let error = task.lastError { lines.append("    last error: \(error)") }
        }
        if let lane = delivery.lane {
            let next = lane.nextAttemptAt.map { ", next attempt \($0)" } ?? ""
            lines.append("    lane: \(lane.state)\(next)" + (lane.lastError.map { ", last error: \($0)" } ?? ""))
        }
        return lines
    }
}
