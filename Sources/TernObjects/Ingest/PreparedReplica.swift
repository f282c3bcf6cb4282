import FoundationEssentials
import NIOCore
import TernCore
import TernRecords
import TernS3Protocol
import TernStorage

/// A replica whose bytes are stored or at hand, and that only needs its place in the version stack.
struct PreparedReplica: Sendable {
    var replica: ReplicaRecord
    var key: ObjectKey
    /// Rows of its body and layout.
    var rows: [KeyValue] = []
    /// Blobs of its body, which the commit must claim.
    var blobs: [BlobID] = []
    var body: BodySegment?
    var layoutRows: UInt32 = 0
    /// How the body is encrypted here; `nil` where it is not.
    var encryption: EncryptionRecord?
    /// Rows to remove with the commit: those of an ingest session.
    var removals: [[UInt8]] = []
    /// Rows that the commit requires as they were read.
    var requirements: [KeyValue] = []
    /// Whether the body is at hand. Without it, only a version that is there already can be brought up to date.
    var hasBody = true
    /// What its placing is a step of.
    var stage = IngestStage.initiation

    init(replica: ReplicaRecord, key: ObjectKey) {
        self.replica = replica
        self.key = key
    }

    var id: VersionID { self.replica.version.versionID }

    /// The record of the version at the destination (spec rules P-15, P-16).
    func record(in bucket: BucketState, at now: Timestamp) -> VersionRecord {
        var record = self.replica.version
        record.isReplica = true
        record.replicaSource = ReplicaSourceHash(self.replica.sourceBucket).rawValue
        record.destinations = []
        if !self.takesACL(in: bucket) {
            record.owner = bucket.record.owner
            record.clearAcl()
            record.aclStamp = 0
        } else if record.owner.isEmpty {
            record.owner = bucket.record.owner
        }
        // Without a stamp: nobody set it, so that any change at the source wins over it.
        if let retention = bucket.objectLock?.defaultRetention, record.retentionMode.isEmpty, !record.isDeleteMarker {
            record.retention = retention.retention(from: now)
        }
        record.clearBody()
        if let body { record.body = body }
        record.layoutRows = self.layoutRows
        record.clearEncryption()
        if let encryption { record.encryption = encryption }
        return record
    }

    /// Whether the replica has the owner and ACL of its source, rather than belonging to the bucket's owner.
    func takesACL(in bucket: BucketState) -> Bool {
        !self.replica.ownerOverride && bucket.ownership != .bucketOwnerEnforced
    }

    func addBody(to batch: inout MetadataBatch) {
        for row in self.rows { batch.put(row.key, row.value) }
        for blob in self.blobs { batch.put(Keyspace.blobOwner(blob), []) }
        for row in self.removals { batch.delete(row) }
        for row in self.requirements { batch.require(row.key, is: row.value) }
    }

    /// Takes up a layout, in rows of its own where it does not fit into the record.
    mutating func take(_ layout: BodyLayout) throws(S3Error) {
        if layout.parts.count == 1, let only = layout.parts.first, only.number == 0, only.segments.count <= 1 {
            self.body = only.segments.first
            return
        }
        let rows = try layout.rows(for: self.id)
        self.layoutRows = UInt32(rows.count)
        self.rows.append(contentsOf: rows)
    }

    /// Names the place of one stretch of the body, and keeps its bytes in a row where they are few.
    ///
    /// - Parameter description: The segment as far as it is known without its place.
    mutating func addInline(_ bytes: [UInt8], number: Int, as description: BodySegment) -> BodySegment {
        var id = self.id.newestFirstBytes
        if number > 0 { id.append(bigEndian: UInt32(number)) }
        self.rows.append(KeyValue(key: Keyspace.body(id), value: bytes))
        var segment = description
        segment.inlineID = .init(id)
        return segment
    }

    mutating func addBlob(_ blob: BlobID, pool: String, as description: BodySegment) -> BodySegment {
        self.blobs.append(blob)
        var segment = description
        segment.blobID = .init(blob.bytes)
        segment.pool = pool
        return segment
    }
}
