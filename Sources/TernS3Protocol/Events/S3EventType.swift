/// A type of event that a bucket can tell of (spec s3-api §13.2). The numbers are stored: never give one a new meaning.
package enum S3EventType: UInt8, Sendable, CaseIterable, Hashable {
    case objectCreatedPut = 1
    case objectCreatedPost = 2
    case objectCreatedCopy = 3
    case objectCreatedCompleteMultipartUpload = 4
    /// For good: by version ID, or in a bucket without versioning.
    case objectRemovedDelete = 5
    case objectRemovedDeleteMarkerCreated = 6
    case objectRestorePost = 7
    case objectRestoreCompleted = 8
    /// The restored copy is gone again.
    case objectRestoreDelete = 9
    case replicationFailed = 10
    case replicationMissedThreshold = 11
    case replicationReplicatedAfterThreshold = 12
    case replicationNotTracked = 13
    case lifecycleExpirationDelete = 14
    case lifecycleExpirationDeleteMarkerCreated = 15
    case lifecycleTransition = 16
    case objectTaggingPut = 17
    case objectTaggingDelete = 18
    case objectAclPut = 19
    case intelligentTiering = 20
    case reducedRedundancyLostObject = 21

    /// As messages name it: without `s3:` (NTF-20).
    package var name: String {
        switch self {
        case .objectCreatedPut: "ObjectCreated:Put"
        case .objectCreatedPost: "ObjectCreated:Post"
        case .objectCreatedCopy: "ObjectCreated:Copy"
        case .objectCreatedCompleteMultipartUpload: "ObjectCreated:CompleteMultipartUpload"
        case .objectRemovedDelete: "ObjectRemoved:Delete"
        case .objectRemovedDeleteMarkerCreated: "ObjectRemoved:DeleteMarkerCreated"
        case .objectRestorePost: "ObjectRestore:Post"
        case .objectRestoreCompleted: "ObjectRestore:Completed"
        case .objectRestoreDelete: "ObjectRestore:Delete"
        case .replicationFailed: "Replication:OperationFailedReplication"
        case .replicationMissedThreshold: "Replication:OperationMissedThreshold"
        case .replicationReplicatedAfterThreshold: "Replication:OperationReplicatedAfterThreshold"
        case .replicationNotTracked: "Replication:OperationNotTracked"
        case .lifecycleExpirationDelete: "LifecycleExpiration:Delete"
        case .lifecycleExpirationDeleteMarkerCreated: "LifecycleExpiration:DeleteMarkerCreated"
        case .lifecycleTransition: "LifecycleTransition"
        case .objectTaggingPut: "ObjectTagging:Put"
        case .objectTaggingDelete: "ObjectTagging:Delete"
        case .objectAclPut: "ObjectAcl:Put"
        case .intelligentTiering: "IntelligentTiering"
        case .reducedRedundancyLostObject: "ReducedRedundancyLostObject"
        }
    }

    /// The version of the message's structure (spec s3-api §13.2, live-replication R-20).
    package var messageVersion: String {
        switch self {
        case .objectCreatedPut, .objectCreatedPost, .objectCreatedCopy, .objectCreatedCompleteMultipartUpload,
            .objectRemovedDelete, .objectRemovedDeleteMarkerCreated, .objectRestorePost, .objectRestoreCompleted,
            .reducedRedundancyLostObject:
            "2.1"
        case .replicationFailed, .replicationMissedThreshold, .replicationReplicatedAfterThreshold,
            .replicationNotTracked:
            "2.2"
        case .objectRestoreDelete, .lifecycleExpirationDelete, .lifecycleExpirationDeleteMarkerCreated,
            .lifecycleTransition, .objectTaggingPut, .objectTaggingDelete, .objectAclPut, .intelligentTiering:
            "2.3"
        }
    }

    /// What the EventBridge calls it; `nil` for what is not sent there (NTF-26).
    package var detailType: String? {
        switch self {
        case .objectCreatedPut, .objectCreatedPost, .objectCreatedCopy, .objectCreatedCompleteMultipartUpload:
            "Object Created"
        case .objectRemovedDelete, .objectRemovedDeleteMarkerCreated, .lifecycleExpirationDelete,
            .lifecycleExpirationDeleteMarkerCreated:
            "Object Deleted"
        case .objectRestorePost: "Object Restore Initiated"
        case .objectRestoreCompleted: "Object Restore Completed"
        case .objectRestoreDelete: "Object Restore Expired"
        case .lifecycleTransition: "Object Storage Class Changed"
        case .intelligentTiering: "Object Access Tier Changed"
        case .objectAclPut: "Object ACL Updated"
        case .objectTaggingPut: "Object Tags Added"
        case .objectTaggingDelete: "Object Tags Deleted"
        case .replicationFailed, .replicationMissedThreshold, .replicationReplicatedAfterThreshold,
            .replicationNotTracked, .reducedRedundancyLostObject:
            nil
        }
    }

    /// The types that a configuration may name beside the single ones, without `s3:`.
    private static let groups = [
        "ObjectCreated", "ObjectRemoved", "ObjectRestore", "Replication", "LifecycleExpiration", "ObjectTagging",
    ]

    /// The types that `name` stands for, such as `s3:ObjectCreated:*`; `nil` for what is no type (NTF-4).
    package static func types(named name: String) -> S3EventTypes? {
        guard name.hasPrefix("s3:") else { return nil }
        let name = name.dropFirst(3)
        if let type = self.allCases.first(where: { $0.name == name }) { return S3EventTypes(type) }
        guard name.hasSuffix(":*"), self.groups.contains(String(name.dropLast(2))) else { return nil }
        return S3EventTypes(self.allCases.filter { $0.name.hasPrefix(name.dropLast()) })
    }
}

/// A set of event types.
package struct S3EventTypes: Hashable, Sendable {
    private var bits: UInt32 = 0

    package init() {}

    package init(_ type: S3EventType) {
        self.insert(type)
    }

    package init(_ types: some Sequence<S3EventType>) {
        for type in types { self.insert(type) }
    }

    package var isEmpty: Bool { self.bits == 0 }

    package func contains(_ type: S3EventType) -> Bool { self.bits & 1 << type.rawValue != 0 }

    package mutating func insert(_ type: S3EventType) { self.bits |= 1 << type.rawValue }

    package mutating func formUnion(_ other: S3EventTypes) { self.bits |= other.bits }

    package func intersects(_ other: S3EventTypes) -> Bool { self.bits & other.bits != 0 }
}
