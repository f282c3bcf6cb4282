package import TernCore
package import TernLifecycle
package import TernRecords
package import TernReplication
package import TernS3Protocol
package import TernStorage

/// What is known of a bucket of this region at one epoch. Immutable: a change of configuration makes a new one.
///
/// A class, because every step of every request would copy a struct of so many parts.
package final class BucketState: Sendable {
    package let record: BucketRecord
    package let replication: ReplicationConfiguration?
    /// What ``replication`` makes of new versions; `nil` without it.
    package let creationPlans: CreationPlans?
    package let lifecycle: LifecycleConfiguration?
    package let features: BucketFeatures
    package let partition: PartitionID
    /// `nil` where Object Lock is not enabled.
    package let objectLock: ObjectLockConfiguration?
    package let ownership: ObjectOwnership
    package let publicAccessBlock: PublicAccessBlock

    package init(
        record: BucketRecord, replication: ReplicationConfiguration?, lifecycle: LifecycleConfiguration? = nil,
        features: BucketFeatures = BucketFeatures()
    ) throws(S3Error) {
        self.record = record
        self.replication = replication
        if let replication {
            self.creationPlans = try CreationPlans(replication, epoch: record.epoch)
        } else {
            self.creationPlans = nil
        }
        self.lifecycle = lifecycle
        self.features = features
        self.partition = PartitionID(kind: .bucket, id: record.bucketID)
        if let document = Self.document(.objectLock, in: record) {
            self.objectLock = try ObjectLockConfiguration(decoding: document)
        } else {
            self.objectLock = nil
        }
        self.ownership = try Self.ownership(of: record)
        // As with the ownership controls, an empty document is one that was taken away.
        switch Self.document(.publicAccessBlock, in: record) {
        case nil: self.publicAccessBlock = .everything
        case []?: self.publicAccessBlock = PublicAccessBlock()
        case let document?: self.publicAccessBlock = try PublicAccessBlock(decoding: document)
        }
    }

    package var name: String { self.record.name }
    package var owner: AccountID { AccountID(trusted: self.record.owner) }
    package var created: Timestamp { Timestamp(milliseconds: self.record.createdMs) }
    package var versioning: VersioningState { self.record.versioning }

    /// A sub-resource that is kept as one document; `nil` when it was never set, or removed.
    package func document(_ name: BucketDocument) -> [UInt8]? { Self.document(name, in: self.record) }

    private static func document(_ name: BucketDocument, in record: BucketRecord) -> [UInt8]? {
        record.documents.first { $0.name == name.rawValue }.map { Array($0.document) }
    }

    /// Who owns the objects (spec rule ACL-1): BucketOwnerEnforced where nothing was set, ObjectWriter where the
    /// controls were taken away.
    static func ownership(of record: BucketRecord) throws(S3Error) -> ObjectOwnership {
        switch self.document(.ownershipControls, in: record) {
        case nil: .bucketOwnerEnforced
        case []?: .objectWriter
        case let document?: try ObjectOwnership(decoding: document)
        }
    }

    /// The bucket's ACL; `nil` where none was set, so that its owner alone has everything.
    static func accessControlList(of record: BucketRecord) throws(S3Error) -> AccessControlList? {
        guard let document = self.document(.acl, in: record) else { return nil }
        return try AccessControlPolicyXML(decoding: document, for: .bucket, method: "GET").list
    }

    package func accessControlList() throws(S3Error) -> AccessControlList? {
        try Self.accessControlList(of: self.record)
    }

    /// The value of the epoch row under which writes are planned.
    package var epochValue: [UInt8] { Self.epochValue(self.record.epoch) }

    package static func epochValue(_ epoch: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: epoch)
        return bytes
    }
}
