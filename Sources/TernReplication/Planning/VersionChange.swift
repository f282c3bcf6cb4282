package import TernCore

/// What happened to a version: the question that the planner answers.
package struct VersionChange: Hashable, Sendable {
    /// Who made the change.
    package enum Origin: Hashable, Sendable {
        /// A request of a client, or S3 itself on a user's behalf, such as a log delivery (L-14).
        case client
        /// Replication of any kind, live or batch.
        case replication
        /// A lifecycle rule.
        case lifecycle
    }

    /// The mutable attributes that replicate on their own.
    package enum Attribute: Hashable, Sendable, CaseIterable {
        case tags
        case acl
        case retention
        case legalHold
    }

    package enum Kind: Hashable, Sendable {
        /// A new object version.
        case created(Origin)
        /// A new delete marker.
        case deleteMarkerCreated(Origin)
        /// An attribute of an existing version. `admittedDestinations` are those that the version has, or had, a task for.
        case attributeChanged(Attribute, Origin, admittedDestinations: [AdmittedDestination])

        /// A job of Batch Replication brings what there is, as it is now (batch-replication §6.3).
        case existing(Existing)

        /// A change of tags by a client.
        package static func tagsChanged(previouslyAdmittedDestinations destinations: [BucketName]) -> Kind {
            .attributeChanged(
                .tags,
                .client,
                admittedDestinations: destinations.map { AdmittedDestination(bucket: $0) }
            )
        }
    }

    /// What a job finds.
    package enum Existing: Hashable, Sendable {
        case object
        case deleteMarker(madeByLifecycle: Bool)
    }

    /// A destination that a version was replicated to, or is being replicated to.
    package struct AdmittedDestination: Hashable, Sendable {
        package var bucket: BucketName
        /// Whether the rule that first admitted the version changed the replica's owner; ACL changes then never flow
        /// (L-60).
        package var hadOwnerOverride: Bool

        package init(bucket: BucketName, hadOwnerOverride: Bool = false) {
            self.bucket = bucket
            self.hadOwnerOverride = hadOwnerOverride
        }
    }

    package enum Encryption: Hashable, Sendable, CaseIterable {
        case none
        case sseS3
        case sseC
        case sseKMS
        case dsseKMS

        /// Whether a rule must opt in to versions under it (L-06, L-07).
        package var needsOptIn: Bool { self == .sseKMS || self == .dsseKMS }
    }

    package var kind: Kind
    package var key: ObjectKey
    /// The version's tags after the change; those that came with the creating request when it is new (C-56).
    package var tags: [Tag]
    package var storageClass: StorageClass
    package var encryption: Encryption
    /// Whether the version was itself written by replication.
    package var isReplica: Bool
    package var isNullVersion: Bool
    /// The size of the object in bytes; 0 for a delete marker.
    package var byteCount: Int64

    package init(
        kind: Kind,
        key: ObjectKey,
        tags: [Tag] = [],
        storageClass: StorageClass = .standard,
        encryption: Encryption = .none,
        isReplica: Bool = false,
        isNullVersion: Bool = false,
        byteCount: Int64 = 0
    ) {
        self.kind = kind
        self.key = key
        self.tags = tags
        self.storageClass = storageClass
        self.encryption = encryption
        self.isReplica = isReplica
        self.isNullVersion = isNullVersion
        self.byteCount = byteCount
    }
}
