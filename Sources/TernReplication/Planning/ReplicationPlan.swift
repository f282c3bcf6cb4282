package import TernCore

/// What a change makes replication do, and why.
package struct ReplicationPlan: Hashable, Sendable {
    /// One decision for each rule, in document order.
    package var decisions: [RuleDecision]
    /// At most one task for each destination, in document order of their rules.
    package var tasks: [PlannedTask]

    package init(decisions: [RuleDecision] = [], tasks: [PlannedTask] = []) {
        self.decisions = decisions
        self.tasks = tasks
    }
}

/// What one rule says to a change.
package struct RuleDecision: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case replicate
        case skip(SkipReason)
    }

    package var ruleID: String
    package var destinationBucket: BucketName
    package var verdict: Verdict

    package init(ruleID: String, destinationBucket: BucketName, verdict: Verdict) {
        self.ruleID = ruleID
        self.destinationBucket = destinationBucket
        self.verdict = verdict
    }
}

/// The work of bringing one change to one destination, as the rule has it at this moment (I-10).
package struct PlannedTask: Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
        case object
        case deleteMarker
        case tags
        case acl
        case retention
        case legalHold

        /// `s3Operation` of replication events.
        package var s3Operation: String {
            switch self {
            case .object: "OBJECT_PUT"
            case .deleteMarker: "DELETE_MARKER"
            case .tags: "TAGGING_PUT"
            case .acl: "ACL_PUT"
            case .retention: "RETENTION_PUT"
            case .legalHold: "LEGAL_HOLD_PUT"
            }
        }
    }

    package var kind: Kind
    package var ruleID: String
    package var destinationBucket: BucketName
    /// The ARN of the role to act as.
    package var role: String
    /// The replica's storage class; `nil` keeps the source's.
    package var storageClass: StorageClass?
    package var ownerOverride: Bool
    /// The account that must own the destination bucket.
    package var account: String?
    package var replicaKMSKeyID: String?
    /// Whether Replication Time Control applies. Never for delete markers, which are outside its promise (L-38).
    package var rtc: Bool
    /// Whether the operation is counted and reported (M-06).
    package var metrics: Bool

    package init(
        kind: Kind,
        ruleID: String,
        destinationBucket: BucketName,
        role: String,
        storageClass: StorageClass? = nil,
        ownerOverride: Bool = false,
        account: String? = nil,
        replicaKMSKeyID: String? = nil,
        rtc: Bool = false,
        metrics: Bool = false
    ) {
        self.kind = kind
        self.ruleID = ruleID
        self.destinationBucket = destinationBucket
        self.role = role
        self.storageClass = storageClass
        self.ownerOverride = ownerOverride
        self.account = account
        self.replicaKMSKeyID = replicaKMSKeyID
        self.rtc = rtc
        self.metrics = metrics
    }
}
