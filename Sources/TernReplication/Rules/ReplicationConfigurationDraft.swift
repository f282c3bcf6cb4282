package import TernCore

/// A replication configuration as a client wrote it, before anything but its XML shape was checked.
///
/// The XML codec refuses unknown, misplaced and repeated elements (spec rule C-35) and fills this in; what the values
/// mean together is decided by ``validated(sourceBucket:partition:makeRuleID:)``. Leaf elements are their text, `nil`
/// if absent; an element with children that is there but empty is a draft of `nil`s.
package struct ReplicationConfigurationDraft: Hashable, Sendable {
    package var role: String?
    package var rules: [Rule]

    package init(role: String? = nil, rules: [Rule] = []) {
        self.role = role
        self.rules = rules
    }

    package struct Rule: Hashable, Sendable {
        package var id: String?
        package var priority: String?
        package var status: String?
        package var prefix: String?
        package var filter: Filter?
        package var deleteMarkerReplication: Status?
        package var sourceSelectionCriteria: Criteria?
        package var hasExistingObjectReplication = false
        package var destination: Destination?

        package init() {}
    }

    /// An element whose only child is `Status`.
    package struct Status: Hashable, Sendable {
        package var status: String?

        package init(status: String?) {
            self.status = status
        }
    }

    package struct Filter: Hashable, Sendable {
        package var prefix: String?
        package var tags: [Tag] = []
        package var and: And?

        package init() {}
    }

    package struct And: Hashable, Sendable {
        package var prefix: String?
        package var tags: [Tag] = []

        package init() {}
    }

    package struct Criteria: Hashable, Sendable {
        package var sseKmsEncryptedObjects: Status?
        package var replicaModifications: Status?

        package init() {}
    }

    package struct Destination: Hashable, Sendable {
        package var bucket: String?
        package var account: String?
        package var storageClass: String?
        package var accessControlTranslation: AccessControlTranslation?
        package var encryptionConfiguration: EncryptionConfiguration?
        package var replicationTime: ReplicationTime?
        package var metrics: Metrics?

        package init() {}
    }

    package struct AccessControlTranslation: Hashable, Sendable {
        package var owner: String?

        package init(owner: String?) {
            self.owner = owner
        }
    }

    package struct EncryptionConfiguration: Hashable, Sendable {
        package var replicaKmsKeyID: String?

        package init(replicaKmsKeyID: String?) {
            self.replicaKmsKeyID = replicaKmsKeyID
        }
    }

    /// `Time` or `EventThreshold`.
    package struct Minutes: Hashable, Sendable {
        package var minutes: String?

        package init(minutes: String?) {
            self.minutes = minutes
        }
    }

    package struct ReplicationTime: Hashable, Sendable {
        package var status: String?
        package var time: Minutes?

        package init(status: String?, time: Minutes?) {
            self.status = status
            self.time = time
        }
    }

    package struct Metrics: Hashable, Sendable {
        package var status: String?
        package var eventThreshold: Minutes?

        package init(status: String?, eventThreshold: Minutes?) {
            self.status = status
            self.eventThreshold = eventThreshold
        }
    }
}
