import TernCore
package import TernRecords
package import TernReplication

extension ReplicaRecord {
    /// What a task has to bring to its destination: the version as it is now, under the rule as it was at admission
    /// (spec rule I-10).
    ///
    /// - Parameters:
    ///   - parts: The parts of a multipart object; empty for anything else.
    ///   - tagsReason: Why it goes without its tags; `nil` if it does not.
    package init(
        task: TaskRecord, version: VersionRecord, parts: [PartLayout], source: BucketState,
        tagsReason: ReplicationFailureReason? = nil
    ) {
        self.init()
        self.sourceBucket = source.name
        self.sourceRegion = source.record.region
        self.destinationBucket = task.destinationBucket
        self.key = task.key
        self.kind = task.kind
        self.role = task.role
        self.destinationAccount = task.destinationAccount
        self.ownerOverride = task.ownerOverride
        self.replicaKmsKey = task.replicaKmsKey
        self.isOfReplica = version.isReplica
        self.wasDelivered = task.wasDelivered

        var copy = version
        if let tagsReason {
            copy.tags = []
            copy.tagsStamp = 0
            self.tagsReason = tagsReason.rawValue
        }
        copy.isReplica = false
        // A job brings null versions too. The destination is versioned, and may have a null version of its own: the
        // replica gets an ID, which is the identity that the null version always had (decision 22).
        copy.isNull = false
        copy.replicaSource = 0
        copy.destinations = []
        copy.clearBody()
        copy.layoutRows = 0
        copy.stackRevision = 0
        // A restored copy is the business of the region that made it (L-21, RST-6).
        copy.clearRestore()
        if !task.storageClass.isEmpty {
            copy.storageClass = task.storageClass == StorageClass.standard.rawValue ? "" : task.storageClass
        }
        copy.keepAttribute(of: task.kind)
        if version.hasEncryption, !version.travelsSealed { copy.encryption = version.encryption.withoutKeys }
        self.version = copy
        if version.travelsSealed, task.kind == .object {
            self.sealedSegments = parts.flatMap { $0.segments.map(\.withoutPlace) }
        }
        if version.etagPartCount > 0, task.kind == .object {
            self.parts = parts.map { part in
                var part = part
                part.segments = []
                return part
            }
        }
    }
}
