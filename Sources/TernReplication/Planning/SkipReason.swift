package import TernCore

/// Why a rule does not replicate a change, for people: `tern explain`, the console, and metrics.
package enum SkipReason: Hashable, Sendable {
    /// C-54
    case ruleDisabled
    /// C-50
    case outsidePrefix
    /// C-50, L-13, L-55
    case tagsDoNotMatch
    /// C-55: a delete marker has no tags.
    case deleteMarkerUnderTagFilter
    /// L-30
    case deleteMarkerReplicationDisabled
    /// L-08, L-41, L-72
    case isReplica
    /// L-70: a change of a replica, and the rule has no replica modification sync.
    case replicaModificationsDisabled
    /// L-73
    case writtenByReplication
    /// L-31, L-34, L-58
    case madeByLifecycle
    /// L-09
    case archivedStorageClass(StorageClass)
    /// L-06, L-07
    case kmsWithoutOptIn
    /// L-17
    case nullVersion
    /// L-50, L-53, L-54
    case neverAdmitted
    /// L-51, L-60
    case ownerOverridden
    /// C-52
    case supersededByPriority(ruleID: String)

    /// One sentence that says why.
    package var sentence: String {
        switch self {
        case .ruleDisabled: "The rule is disabled."
        case .outsidePrefix: "The key does not begin with the rule's prefix."
        case .tagsDoNotMatch: "The version does not have every tag of the rule's filter."
        case .deleteMarkerUnderTagFilter: "A delete marker has no tags, so a rule with a tag filter never selects it."
        case .deleteMarkerReplicationDisabled: "The rule does not replicate delete markers."
        case .isReplica: "The version is a replica, and replicas are not replicated again."
        case .replicaModificationsDisabled:
            "The version is a replica, and the rule does not have replica modification sync enabled."
        case .writtenByReplication: "The change was written by replication, which never causes another replication."
        case .madeByLifecycle: "The change was made by a lifecycle rule, and lifecycle actions are not replicated."
        case .archivedStorageClass(let storageClass):
            "Versions in storage class \(storageClass.rawValue) are not replicated."
        case .kmsWithoutOptIn:
            "The version is encrypted with a KMS key, and the rule does not have SseKmsEncryptedObjects enabled."
        case .nullVersion: "Null versions are not replicated."
        case .neverAdmitted:
            "The version was never admitted to the destination, and changes of its metadata alone do not admit it."
        case .ownerOverridden:
            "The replica belongs to the destination's owner, so the source's ACL does not apply to it."
        case .supersededByPriority(let ruleID): "Rule \(ruleID) has the same destination and a higher priority."
        }
    }
}
