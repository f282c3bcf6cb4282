/// A replication configuration as the simulator's own readers of the specification know it: the planner of the oracle and
/// the writer of the document that the code under test is given.
struct ConfigurationModel: Sendable, Hashable {
    var role: String
    var rules: [RuleModel]

    var isV1: Bool { self.rules.contains { $0.isV1 } }
}

struct TagModel: Sendable, Hashable {
    var key: String
    var value: String
}

struct RuleModel: Sendable, Hashable {
    var id: String
    var isV1 = false
    var priority = 0
    var isEnabled = true
    var prefix = ""
    var tags: [TagModel] = []
    var replicatesDeleteMarkers = false
    /// `nil` leaves the element out.
    var replicaModifications: Bool?
    /// Whether KMS objects replicate; `nil` leaves the element out.
    var kmsObjects: Bool?
    var destination: String
    var account: String?
    var ownerOverride = false
    var storageClass: String?
    var replicaKey: String?
    var hasReplicationTimeControl = false
}

extension ConfigurationModel {
    /// The document, as a client writes it (live-replication §1.2).
    var document: [UInt8] {
        var xml = "<ReplicationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        xml += "<Role>\(self.role)</Role>"
        for rule in self.rules { xml += rule.element }
        return Array((xml + "</ReplicationConfiguration>").utf8)
    }
}

extension RuleModel {
    fileprivate var element: String {
        var xml = "<Rule><ID>\(self.id)</ID>"
        if !self.isV1 { xml += "<Priority>\(self.priority)</Priority>" }
        xml += "<Status>\(Self.status(self.isEnabled))</Status>"
        xml += self.isV1 ? "<Prefix>\(self.prefix)</Prefix>" : self.filter
        if !self.isV1 {
            let status = Self.status(self.replicatesDeleteMarkers)
            xml += "<DeleteMarkerReplication><Status>\(status)</Status></DeleteMarkerReplication>"
        }
        xml += self.criteria
        xml += "<Destination><Bucket>arn:aws:s3:::\(self.destination)</Bucket>"
        if let account { xml += "<Account>\(account)</Account>" }
        if let storageClass { xml += "<StorageClass>\(storageClass)</StorageClass>" }
        if self.ownerOverride {
            xml += "<AccessControlTranslation><Owner>Destination</Owner></AccessControlTranslation>"
        }
        if self.kmsObjects != nil, let replicaKey {
            xml += "<EncryptionConfiguration><ReplicaKmsKeyID>\(replicaKey)</ReplicaKmsKeyID></EncryptionConfiguration>"
        }
        if self.hasReplicationTimeControl {
            xml += "<ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime>"
            xml += "<Metrics><Status>Enabled</Status><EventThreshold><Minutes>15</Minutes></EventThreshold></Metrics>"
        }
        return xml + "</Destination></Rule>"
    }

    private var filter: String {
        let tags = self.tags.map { "<Tag><Key>\($0.key)</Key><Value>\($0.value)</Value></Tag>" }.joined()
        let prefix = self.prefix.isEmpty ? "" : "<Prefix>\(self.prefix)</Prefix>"
        let count = self.tags.count + (self.prefix.isEmpty ? 0 : 1)
        return count > 1 ? "<Filter><And>\(prefix)\(tags)</And></Filter>" : "<Filter>\(prefix)\(tags)</Filter>"
    }

    private var criteria: String {
        var xml = ""
        if let kmsObjects {
            xml += "<SseKmsEncryptedObjects><Status>\(Self.status(kmsObjects))</Status></SseKmsEncryptedObjects>"
        }
        if let replicaModifications {
            xml += "<ReplicaModifications><Status>\(Self.status(replicaModifications))</Status></ReplicaModifications>"
        }
        return xml.isEmpty ? "" : "<SourceSelectionCriteria>\(xml)</SourceSelectionCriteria>"
    }

    private static func status(_ isEnabled: Bool) -> String { isEnabled ? "Enabled" : "Disabled" }
}
