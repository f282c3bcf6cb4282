import TernCore
package import TernReplication

/// The XML of GetBucketReplication and PutBucketReplication (spec live-replication §1.2).
///
/// Reading has two steps: the shape here, strictly (rule C-35) but in any order of children; the meaning in
/// `ReplicationConfigurationDraft`. Writing repeats the dialect that was stored (C-14).
package enum ReplicationConfigurationXML {
    /// The largest document, in bytes (C-34).
    package static let maximumByteCount = 2 << 20

    // MARK: Reading

    /// Reads a client's document.
    ///
    /// - Throws: `MissingRequestBodyError`, `MaxMessageLengthExceeded`, or `MalformedXML`.
    package static func decode(_ bytes: [UInt8]) throws(S3Error) -> ReplicationConfigurationDraft {
        let root = try RequestDocument.parse(
            bytes,
            root: "ReplicationConfiguration",
            maximumByteCount: self.maximumByteCount
        )
        try root.requireOnly(["Role"], repeated: ["Rule"])
        var draft = ReplicationConfigurationDraft(role: try root.leafText(of: "Role"))
        for node in root.children(named: "Rule") { draft.rules.append(try self.rule(node)) }
        return draft
    }

    /// Reads a document that ``encode(_:)`` wrote and that was validated before it was stored.
    package static func decodeStored(_ bytes: [UInt8]) throws(S3Error) -> ReplicationConfiguration {
        let draft = try self.decode(bytes)
        do {
            return try draft.validated(sourceBucket: nil, partition: Self.partition(of: draft), makeRuleID: { "" })
        } catch {
            throw S3Error(error)
        }
    }

    /// A stored document was checked against its own partition, whichever that is.
    private static func partition(of draft: ReplicationConfigurationDraft) -> String {
        let parts = draft.rules.first?.destination?.bucket?.split(separator: ":", omittingEmptySubsequences: false)
        guard let parts, parts.count > 1 else { return "aws" }
        return String(parts[1])
    }

    private static func rule(_ node: XMLNode) throws(S3Error) -> ReplicationConfigurationDraft.Rule {
        try node.requireOnly([
            "ID", "Priority", "Status", "Prefix", "Filter", "DeleteMarkerReplication", "SourceSelectionCriteria",
            "ExistingObjectReplication", "Destination",
        ])
        var rule = ReplicationConfigurationDraft.Rule()
        rule.id = try node.leafText(of: "ID")
        rule.priority = try node.leafText(of: "Priority")
        rule.status = try node.leafText(of: "Status")
        rule.prefix = try node.leafText(of: "Prefix")
        rule.hasExistingObjectReplication = node["ExistingObjectReplication"] != nil
        if let child = node["Filter"] { rule.filter = try self.filter(child) }
        rule.deleteMarkerReplication = try self.status(node["DeleteMarkerReplication"])
        if let child = node["SourceSelectionCriteria"] {
            try child.requireOnly(["SseKmsEncryptedObjects", "ReplicaModifications"])
            var criteria = ReplicationConfigurationDraft.Criteria()
            criteria.sseKmsEncryptedObjects = try self.status(child["SseKmsEncryptedObjects"])
            criteria.replicaModifications = try self.status(child["ReplicaModifications"])
            rule.sourceSelectionCriteria = criteria
        }
        if let child = node["Destination"] { rule.destination = try self.destination(child) }
        return rule
    }

    private static func status(_ node: XMLNode?) throws(S3Error) -> ReplicationConfigurationDraft.Status? {
        guard let node else { return nil }
        try node.requireOnly(["Status"])
        return ReplicationConfigurationDraft.Status(status: try node.leafText(of: "Status"))
    }

    private static func filter(_ node: XMLNode) throws(S3Error) -> ReplicationConfigurationDraft.Filter {
        try node.requireOnly(["Prefix", "And"], repeated: ["Tag"])
        var filter = ReplicationConfigurationDraft.Filter()
        filter.prefix = try node.leafText(of: "Prefix")
        filter.tags = try self.tags(node)
        if let child = node["And"] {
            try child.requireOnly(["Prefix"], repeated: ["Tag"])
            var and = ReplicationConfigurationDraft.And()
            and.prefix = try child.leafText(of: "Prefix")
            and.tags = try self.tags(child)
            filter.and = and
        }
        return filter
    }

    private static func tags(_ node: XMLNode) throws(S3Error) -> [Tag] {
        var tags: [Tag] = []
        for child in node.children(named: "Tag") {
            try child.requireOnly(["Key", "Value"])
            guard let key = try child.leafText(of: "Key"), let value = try child.leafText(of: "Value") else {
                throw .malformedXML
            }
            tags.append(Tag(key: key, value: value))
        }
        return tags
    }

    private static func destination(_ node: XMLNode) throws(S3Error) -> ReplicationConfigurationDraft.Destination {
        try node.requireOnly([
            "Bucket", "Account", "StorageClass", "AccessControlTranslation", "EncryptionConfiguration",
            "ReplicationTime", "Metrics",
        ])
        var destination = ReplicationConfigurationDraft.Destination()
        destination.bucket = try node.leafText(of: "Bucket")
        destination.account = try node.leafText(of: "Account")
        destination.storageClass = try node.leafText(of: "StorageClass")
        if let child = node["AccessControlTranslation"] {
            try child.requireOnly(["Owner"])
            destination.accessControlTranslation = .init(owner: try child.leafText(of: "Owner"))
        }
        if let child = node["EncryptionConfiguration"] {
            try child.requireOnly(["ReplicaKmsKeyID"])
            destination.encryptionConfiguration = .init(replicaKmsKeyID: try child.leafText(of: "ReplicaKmsKeyID"))
        }
        if let child = node["ReplicationTime"] {
            try child.requireOnly(["Status", "Time"])
            destination.replicationTime = .init(
                status: try child.leafText(of: "Status"),
                time: try self.minutes(child["Time"])
            )
        }
        if let child = node["Metrics"] {
            try child.requireOnly(["Status", "EventThreshold"])
            destination.metrics = .init(
                status: try child.leafText(of: "Status"),
                eventThreshold: try self.minutes(child["EventThreshold"])
            )
        }
        return destination
    }

    private static func minutes(_ node: XMLNode?) throws(S3Error) -> ReplicationConfigurationDraft.Minutes? {
        guard let node else { return nil }
        try node.requireOnly(["Minutes"])
        return ReplicationConfigurationDraft.Minutes(minutes: try node.leafText(of: "Minutes"))
    }

    // MARK: Writing

    /// The document that a GET returns.
    package static func encode(_ configuration: ReplicationConfiguration) -> [UInt8] {
        var writer = XMLWriter(capacity: 256 + configuration.rules.count * 512)
        writer.openRoot("ReplicationConfiguration")
        writer.element("Role", configuration.role)
        for rule in configuration.rules { self.write(rule, to: &writer) }
        writer.close("ReplicationConfiguration")
        return writer.finish()
    }

    private static func write(_ rule: ReplicationRule, to writer: inout XMLWriter) {
        writer.open("Rule")
        writer.element("ID", rule.id)
        if let priority = rule.priority { writer.element("Priority", priority) }
        writer.element("Status", self.text(rule.isEnabled))
        writer.element("Prefix", ifPresent: rule.prefix)
        if let filter = rule.filter { self.write(filter, to: &writer) }
        self.write("DeleteMarkerReplication", rule.deleteMarkerReplication, to: &writer)
        if let criteria = rule.sourceSelectionCriteria {
            writer.open("SourceSelectionCriteria")
            self.write("SseKmsEncryptedObjects", criteria.sseKmsEncryptedObjects, to: &writer)
            self.write("ReplicaModifications", criteria.replicaModifications, to: &writer)
            writer.close("SourceSelectionCriteria")
        }
        self.write(rule.destination, to: &writer)
        writer.close("Rule")
    }

    private static func write(_ filter: RuleFilter, to writer: inout XMLWriter) {
        if filter == .all {
            writer.empty("Filter")
            return
        }
        writer.open("Filter")
        switch filter {
        case .all: break
        case .prefix(let prefix): writer.element("Prefix", prefix)
        case .tag(let tag): self.write(tag, to: &writer)
        case .and(let prefix, let tags):
            writer.open("And")
            writer.element("Prefix", ifPresent: prefix)
            for tag in tags { self.write(tag, to: &writer) }
            writer.close("And")
        }
        writer.close("Filter")
    }

    private static func write(_ tag: Tag, to writer: inout XMLWriter) {
        writer.open("Tag")
        writer.element("Key", tag.key)
        writer.element("Value", tag.value)
        writer.close("Tag")
    }

    private static func write(_ destination: Destination, to writer: inout XMLWriter) {
        writer.open("Destination")
        writer.element("Bucket", destination.bucketARN)
        writer.element("Account", ifPresent: destination.account)
        writer.element("StorageClass", ifPresent: destination.storageClass?.rawValue)
        if destination.ownerOverride {
            writer.open("AccessControlTranslation")
            writer.element("Owner", "Destination")
            writer.close("AccessControlTranslation")
        }
        if let key = destination.replicaKMSKeyID {
            writer.open("EncryptionConfiguration")
            writer.element("ReplicaKmsKeyID", key)
            writer.close("EncryptionConfiguration")
        }
        if let replicationTime = destination.replicationTime {
            writer.open("ReplicationTime")
            writer.element("Status", self.text(replicationTime.isEnabled))
            self.writeThreshold("Time", to: &writer)
            writer.close("ReplicationTime")
        }
        if let metrics = destination.metrics {
            writer.open("Metrics")
            writer.element("Status", self.text(metrics.isEnabled))
            if metrics.hasEventThreshold { self.writeThreshold("EventThreshold", to: &writer) }
            writer.close("Metrics")
        }
        writer.close("Destination")
    }

    private static func writeThreshold(_ name: StaticString, to writer: inout XMLWriter) {
        writer.open(name)
        writer.element("Minutes", ReplicationTime.thresholdMinutes)
        writer.close(name)
    }

    /// An element whose only child is `Status`, if it is there.
    private static func write(_ name: StaticString, _ flag: Bool?, to writer: inout XMLWriter) {
        guard let flag else { return }
        writer.open(name)
        writer.element("Status", self.text(flag))
        writer.close(name)
    }

    private static func text(_ isEnabled: Bool) -> String { isEnabled ? "Enabled" : "Disabled" }
}
