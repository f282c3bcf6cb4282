package import TernCore

/// When an action of a rule on current versions is due.
package enum LifecycleTime: Hashable, Sendable {
    /// This many days after the version was created.
    case days(Int)
    /// From this midnight on, whatever the version's age.
    case date(Timestamp)
}

/// One rule of a lifecycle configuration.
///
/// Source: Amazon S3 API Reference, LifecycleRule; spec s3-api §11.3.
package struct LifecycleRule: Hashable, Sendable {
    /// `Expiration`, of which a document says one of three.
    package enum Expiration: Hashable, Sendable {
        case at(LifecycleTime)
        case expiredObjectDeleteMarker(Bool)
    }

    /// `Transition`
    package struct Transition: Hashable, Sendable {
        package var time: LifecycleTime
        package var storageClass: StorageClass

        package init(_ time: LifecycleTime, to storageClass: StorageClass) {
            self.time = time
            self.storageClass = storageClass
        }
    }

    /// `NoncurrentVersionExpiration`
    package struct NoncurrentExpiration: Hashable, Sendable {
        package var noncurrentDays: Int
        /// How many noncurrent versions are kept whatever their age.
        package var newerNoncurrentVersions: Int?

        package init(noncurrentDays: Int, newerNoncurrentVersions: Int? = nil) {
            self.noncurrentDays = noncurrentDays
            self.newerNoncurrentVersions = newerNoncurrentVersions
        }
    }

    /// `NoncurrentVersionTransition`
    package struct NoncurrentTransition: Hashable, Sendable {
        package var noncurrentDays: Int
        package var newerNoncurrentVersions: Int?
        package var storageClass: StorageClass

        package init(noncurrentDays: Int, newerNoncurrentVersions: Int? = nil, to storageClass: StorageClass) {
            self.noncurrentDays = noncurrentDays
            self.newerNoncurrentVersions = newerNoncurrentVersions
            self.storageClass = storageClass
        }
    }

    /// Empty until ``LifecycleConfiguration`` gave it one.
    package var id: String
    package var isEnabled: Bool
    /// The rule-level `Prefix` of the older form; a rule has this or a filter.
    package var prefix: String?
    package var filter: LifecycleFilter?
    package var expiration: Expiration?
    package var transitions: [Transition]
    package var noncurrentExpiration: NoncurrentExpiration?
    package var noncurrentTransitions: [NoncurrentTransition]
    /// `AbortIncompleteMultipartUpload.DaysAfterInitiation`
    package var abortDaysAfterInitiation: Int?

    package init(
        id: String,
        isEnabled: Bool = true,
        prefix: String? = nil,
        filter: LifecycleFilter? = nil,
        expiration: Expiration? = nil,
        transitions: [Transition] = [],
        noncurrentExpiration: NoncurrentExpiration? = nil,
        noncurrentTransitions: [NoncurrentTransition] = [],
        abortDaysAfterInitiation: Int? = nil
    ) {
        self.id = id
        self.isEnabled = isEnabled
        self.prefix = prefix
        self.filter = filter
        self.expiration = expiration
        self.transitions = transitions
        self.noncurrentExpiration = noncurrentExpiration
        self.noncurrentTransitions = noncurrentTransitions
        self.abortDaysAfterInitiation = abortDaysAfterInitiation
    }

    /// What the rule selects, whichever form it has.
    package var selection: LifecycleFilter { self.filter ?? LifecycleFilter(prefix: self.prefix) }

    /// When the rule's `Expiration` is due, if it has one by time.
    package var expirationTime: LifecycleTime? {
        if case .at(let time)? = self.expiration { return time }
        return nil
    }

    package var hasAction: Bool {
        self.expiration != nil || !self.transitions.isEmpty || self.noncurrentExpiration != nil
            || !self.noncurrentTransitions.isEmpty || self.abortDaysAfterInitiation != nil
    }
}
