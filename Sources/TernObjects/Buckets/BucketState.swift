package import TernCore
package import TernLifecycle
package import TernRecords
package import TernReplication
package import TernStorage

/// What is known of a bucket of this region at one epoch. Immutable: a change of configuration makes a new one.
package struct BucketState: Sendable {
    package let record: BucketRecord
    package let replication: ReplicationConfiguration?
    package let lifecycle: LifecycleConfiguration?
    package let partition: PartitionID

    package init(
        record: BucketRecord, replication: ReplicationConfiguration?, lifecycle: LifecycleConfiguration? = nil
    ) {
        self.record = record
        self.replication = replication
        self.lifecycle = lifecycle
        self.partition = PartitionID(kind: .bucket, id: record.bucketID)
    }

    package var name: String { self.record.name }
    package var owner: AccountID { AccountID(trusted: self.record.owner) }
    package var created: Timestamp { Timestamp(milliseconds: self.record.createdMs) }
    package var versioning: VersioningState { self.record.versioning }

    /// A sub-resource that is kept as one document; `nil` when it was never set, or removed.
    package func document(_ name: BucketDocument) -> [UInt8]? {
        self.record.documents.first { $0.name == name.rawValue }.map { Array($0.document) }
    }

    /// The value of the epoch row under which writes are planned.
    package var epochValue: [UInt8] { Self.epochValue(self.record.epoch) }

    package static func epochValue(_ epoch: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: epoch)
        return bytes
    }
}
