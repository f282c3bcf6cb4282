package import TernCore

/// The replication configuration of a bucket, in the dialect in which it was stored (spec rule C-14).
///
/// Values come from ``ReplicationConfigurationDraft/validated(sourceBucket:partition:makeRuleID:)``, so that everything
/// that spec §1 demands of a document holds.
///
/// Source: Amazon S3 API Reference, ReplicationConfiguration; spec live-replication §1.2.
package struct ReplicationConfiguration: Hashable, Sendable {
    /// The ARN of the IAM role that replication acts as.
    package var role: String
    /// 1 to 1,000 rules, in document order.
    package var rules: [ReplicationRule]

    package init(role: String, rules: [ReplicationRule]) {
        self.role = role
        self.rules = rules
    }

    /// Whether the document is of the first schema version: one rule without `Filter` makes all of it so (C-21).
    package var isV1: Bool { self.rules.contains { $0.filter == nil } }

    /// The destination buckets, each once, in document order: the order in which a PUT looks at their state (C-60).
    package var distinctDestinations: [BucketName] {
        var seen: Set<BucketName> = []
        return self.rules.map(\.destination.bucket).filter { seen.insert($0).inserted }
    }

    /// The first rule with this ID, or `nil`.
    package func rule(id: String) -> ReplicationRule? {
        self.rules.first { $0.id == id }
    }
}
