import TernCore

/// The checks of one rule after the other, with what earlier rules have taken: IDs and priorities.
struct RuleValidation {
    let isV1: Bool
    let sourceBucket: BucketName?
    let partition: String
    private var usedIDs: Set<String> = []
    private var usedPriorities: Set<Int> = []

    static let maximumIDLength = 255
    static let maximumPrefixByteCount = 1024
    static let maximumPriority = Int(Int32.max)

    init(isV1: Bool, sourceBucket: BucketName?, partition: String) {
        self.isV1 = isV1
        self.sourceBucket = sourceBucket
        self.partition = partition
    }

    /// One rule, checked in the order of spec rule C-60.
    mutating func validated(
        _ draft: ReplicationConfigurationDraft.Rule,
        makeRuleID: () -> String
    ) throws(ConfigurationProblem) -> ReplicationRule {
        let isEnabled = try Self.flag(draft.status)
        guard let destination = draft.destination, let bucketARN = destination.bucket else { throw .malformedXML }
        if draft.hasExistingObjectReplication { throw .malformedXML }

        let filter = try Self.filter(of: draft)
        try self.checkSchemaVersion(of: draft)
        let id = try self.claimID(draft.id, makeRuleID: makeRuleID)
        let priority = try self.claimPriority(draft.priority)
        let deleteMarkerReplication = try self.deleteMarkerReplication(draft.deleteMarkerReplication, filter: filter)
        let criteria = try Self.criteria(draft.sourceSelectionCriteria)
        return ReplicationRule(
            id: id,
            priority: priority,
            isEnabled: isEnabled,
            prefix: draft.prefix,
            filter: filter,
            deleteMarkerReplication: deleteMarkerReplication,
            sourceSelectionCriteria: criteria,
            destination: try self.destination(destination, bucketARN: bucketARN, criteria: criteria)
        )
    }

    /// `Enabled` or `Disabled`, case-sensitive; anything else is malformed (E-08).
    private static func flag(_ text: String?) throws(ConfigurationProblem) -> Bool {
        switch text {
        case "Enabled": true
        case "Disabled": false
        default: throw .malformedXML
        }
    }

    // MARK: Filter

    private static func filter(of draft: ReplicationConfigurationDraft.Rule) throws(ConfigurationProblem) -> RuleFilter?
    {
        guard let filter = draft.filter else {
            guard let prefix = draft.prefix else { throw .malformedXML }
            try self.checkPrefix(prefix)
            return nil
        }
        if draft.prefix != nil { throw .malformedXML }
        let memberCount = (filter.prefix == nil ? 0 : 1) + filter.tags.count + (filter.and == nil ? 0 : 1)
        if memberCount > 1 { throw .malformedXML }
        if let and = filter.and {
            if and.tags.count + (and.prefix == nil ? 0 : 1) < 2 { throw .malformedXML }
            try self.checkPrefix(and.prefix ?? "")
            try self.checkTags(and.tags)
            return .and(prefix: and.prefix, tags: and.tags)
        }
        if let prefix = filter.prefix {
            try self.checkPrefix(prefix)
            return .prefix(prefix)
        }
        if let tag = filter.tags.first {
            try self.checkTags([tag])
            return .tag(tag)
        }
        return .all
    }

    private static func checkPrefix(_ prefix: String) throws(ConfigurationProblem) {
        if prefix.utf8.count > self.maximumPrefixByteCount {
            throw .invalidArgument(
                "Rule prefix cannot be longer than maximum allowed key length of \(self.maximumPrefixByteCount)",
                name: "Prefix",
                value: prefix
            )
        }
    }

    /// C-36: unique keys, and the lengths of object tags.
    private static func checkTags(_ tags: [Tag]) throws(ConfigurationProblem) {
        for tag in tags {
            guard (1...128).contains(tag.key.unicodeScalars.count) else {
                throw ConfigurationProblem(code: "InvalidTag", message: "The TagKey you have provided is invalid")
            }
            guard tag.value.unicodeScalars.count <= 256 else {
                throw ConfigurationProblem(code: "InvalidTag", message: "The TagValue you have provided is invalid")
            }
        }
        if Set(tags.map { Array($0.key.utf8) }).count != tags.count {
            throw .invalidRequest("Duplicate Tag Keys are not allowed.")
        }
    }

    // MARK: Schema version, ID, priority, delete markers

    /// C-21: in a V1 document no rule may use what V2 brought.
    ///
    /// A rule with `Filter` that uses neither cannot be a rule of either version; S3's answer is not known, and it is
    /// refused as malformed, so that no stored document mixes the dialects.
    private func checkSchemaVersion(of draft: ReplicationConfigurationDraft.Rule) throws(ConfigurationProblem) {
        guard self.isV1 else { return }
        if draft.priority != nil { throw .schemaVersion("Priority", "cannot be used") }
        if draft.deleteMarkerReplication != nil { throw .schemaVersion("DeleteMarkerReplication", "cannot be used") }
        if draft.filter != nil { throw .malformedXML }
    }

    private mutating func claimID(_ given: String?, makeRuleID: () -> String) throws(ConfigurationProblem) -> String {
        guard let given, !given.isEmpty else {
            let id = makeRuleID()
            self.usedIDs.insert(id)
            return id
        }
        if given.unicodeScalars.count > Self.maximumIDLength {
            throw .invalidArgument("Rule Id cannot be greater than \(Self.maximumIDLength)", name: "ID", value: given)
        }
        if !given.utf8.allSatisfy({ $0 < 0x80 }) {
            throw .invalidArgument("Rule Id must contain ASCII characters only", name: "ID", value: given)
        }
        if !self.usedIDs.insert(given).inserted {
            throw .invalidArgument("Rule Id must be unique", name: "ID", value: given)
        }
        return given
    }

    /// E-17, E-21, E-22. Priorities are unique in the document, also across destinations.
    private mutating func claimPriority(_ given: String?) throws(ConfigurationProblem) -> Int? {
        if self.isV1 { return nil }
        guard let given else { throw .schemaVersion("Priority", "must be specified") }
        guard let priority = Int(given), priority <= Self.maximumPriority else { throw .malformedXML }
        if priority < 0 { throw .invalidRequest("Priority must be between 0 and \(Self.maximumPriority).") }
        if !self.usedPriorities.insert(priority).inserted {
            throw .invalidRequest("Found duplicate priority \(priority).")
        }
        return priority
    }

    private func deleteMarkerReplication(
        _ given: ReplicationConfigurationDraft.Status?,
        filter: RuleFilter?
    ) throws(ConfigurationProblem) -> Bool? {
        if self.isV1 { return nil }
        guard let given else { throw .schemaVersion("DeleteMarkerReplication", "must be specified") }
        let isEnabled = try Self.flag(given.status)
        if isEnabled, let filter, !filter.tags.isEmpty {
            throw .deleteMarkersWithTagFilter
        }
        return isEnabled
    }

    private static func criteria(
        _ given: ReplicationConfigurationDraft.Criteria?
    ) throws(ConfigurationProblem) -> SourceSelectionCriteria? {
        guard let given else { return nil }
        if given.sseKmsEncryptedObjects == nil, given.replicaModifications == nil {
            throw .invalidRequest("SourceSelectionCriteria cannot be empty.")
        }
        var criteria = SourceSelectionCriteria()
        if let element = given.sseKmsEncryptedObjects {
            criteria.sseKmsEncryptedObjects = try self.flag(element.status)
        }
        if let element = given.replicaModifications { criteria.replicaModifications = try self.flag(element.status) }
        return criteria
    }

    // MARK: Destination

    private func destination(
        _ draft: ReplicationConfigurationDraft.Destination,
        bucketARN: String,
        criteria: SourceSelectionCriteria?
    ) throws(ConfigurationProblem) -> Destination {
        let bucket = try self.bucket(arn: bucketARN)
        if bucket == self.sourceBucket { throw .destinationIsSource }
        let storageClass = try Self.storageClass(draft.storageClass)
        let ownerOverride = try Self.ownerOverride(of: draft)
        let replicaKMSKeyID = try Self.replicaKMSKeyID(draft.encryptionConfiguration, criteria: criteria)
        let (replicationTime, metrics) = try Self.replicationTimeAndMetrics(draft)
        return Destination(
            bucket: bucket,
            partition: self.partition,
            account: draft.account,
            storageClass: storageClass,
            ownerOverride: ownerOverride,
            replicaKMSKeyID: replicaKMSKeyID,
            replicationTime: replicationTime,
            metrics: metrics
        )
    }

    /// E-39, E-40, E-41
    private func bucket(arn: String) throws(ConfigurationProblem) -> BucketName {
        if arn.isEmpty {
            throw .invalidArgument("Destination bucket cannot be null or empty", name: "Bucket", value: arn)
        }
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1] == self.partition, parts[2] == "s3", parts[3].isEmpty,
            parts[4].isEmpty
        else { throw .invalidArgument("Invalid bucket ARN", name: "Bucket", value: arn) }
        guard let bucket = BucketName(String(parts[5])) else {
            throw .invalidArgument("The specified bucket is not valid.", name: "Bucket", value: arn)
        }
        return bucket
    }

    private static func storageClass(_ text: String?) throws(ConfigurationProblem) -> StorageClass? {
        guard let text else { return nil }
        guard let storageClass = StorageClass(rawValue: text) else { throw .malformedXML }
        return storageClass
    }

    /// E-08, E-29, E-30
    private static func ownerOverride(of draft: ReplicationConfigurationDraft.Destination) throws(ConfigurationProblem)
        -> Bool
    {
        if let account = draft.account, AccountID(account) == nil {
            throw .invalidArgument(
                "The Account element must contain a valid account ID.",
                name: "Account",
                value: account
            )
        }
        guard let translation = draft.accessControlTranslation else { return false }
        guard translation.owner == "Destination" else { throw .malformedXML }
        if draft.account == nil {
            throw .invalidRequest("Account must be specified if the Owner in AccessControlTranslation has a value")
        }
        return true
    }

    /// E-26, E-27, E-28: the key and the opt-in belong together, even when the opt-in is `Disabled` (C-28).
    private static func replicaKMSKeyID(
        _ draft: ReplicationConfigurationDraft.EncryptionConfiguration?,
        criteria: SourceSelectionCriteria?
    ) throws(ConfigurationProblem) -> String? {
        let hasOptIn = criteria?.sseKmsEncryptedObjects != nil
        if draft != nil, !hasOptIn {
            throw .invalidRequest("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
        }
        guard hasOptIn else { return nil }
        guard let key = draft?.replicaKmsKeyID, !key.isEmpty else {
            throw .invalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
        }
        guard self.isKMSKeyARN(key) else {
            throw .invalidArgument("Invalid ReplicaKmsKeyID ARN.", name: "ReplicaKmsKeyID", value: key)
        }
        return key
    }

    private static func isKMSKeyARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, parts[2] == "kms", !parts[3].isEmpty,
            AccountID(String(parts[4])) != nil
        else { return false }
        return ["key/", "alias/"].contains { parts[5].hasPrefix($0) && parts[5].utf8.count > $0.utf8.count }
    }

    /// E-32 to E-37: both or neither (but metrics alone are fine), the same status, and 15 minutes everywhere.
    private static func replicationTimeAndMetrics(
        _ draft: ReplicationConfigurationDraft.Destination
    ) throws(ConfigurationProblem) -> (ReplicationTime?, ReplicationMetrics?) {
        var replicationTime: ReplicationTime?
        if let time = draft.replicationTime {
            replicationTime = ReplicationTime(isEnabled: try self.flag(time.status))
            if time.time == nil { throw .malformedXML }
        }
        var metrics: ReplicationMetrics?
        if let given = draft.metrics {
            metrics = ReplicationMetrics(
                isEnabled: try self.flag(given.status),
                hasEventThreshold: given.eventThreshold != nil
            )
        }
        if let replicationTime {
            guard let metrics else {
                throw .invalidRequest(
                    "Replication destination must contain both ReplicationTime and Metrics or neither."
                )
            }
            if metrics.isEnabled != replicationTime.isEnabled {
                throw .invalidRequest("ReplicationTime and ReplicationMetrics must have the same status.")
            }
            if !self.isThreshold(draft.replicationTime?.time) {
                throw .invalidArgument("Invalid time minute value", name: "ReplicationTime", value: nil)
            }
        }
        if replicationTime?.isEnabled == true {
            guard let threshold = draft.metrics?.eventThreshold else {
                throw .invalidArgument(
                    "ReplicationMetrics must contain an event threshold",
                    name: "ReplicationMetrics",
                    value: nil
                )
            }
            if !self.isThreshold(threshold) {
                throw .invalidArgument("Invalid event threshold minute value", name: "ReplicationMetrics", value: nil)
            }
        } else if metrics?.hasEventThreshold == true {
            throw .invalidArgument(
                "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled",
                name: "Metrics",
                value: nil
            )
        }
        return (replicationTime, metrics)
    }

    private static func isThreshold(_ element: ReplicationConfigurationDraft.Minutes?) -> Bool {
        guard let text = element?.minutes else { return false }
        return Int(text) == ReplicationTime.thresholdMinutes
    }
}
