package import TernCore
package import TernReplication
package import TernStorage

/// The keys of a bucket's partition. `docs/keyspace.md` explains each; the two are kept alike by hand.
///
/// Object keys have no NUL byte, so a NUL behind a key ends it without disturbing the order.
package enum Keyspace {
    /// The first byte of a row's key.
    package enum Table: UInt8, Sendable, CaseIterable {
        /// `E`: the epoch. Every write of the partition requires the epoch it was planned under.
        case epoch = 0x45
        /// `C`: the bucket's configuration.
        case configuration = 0x43
        /// `K` kind NUL id: a configuration of which a bucket may have several, such as an inventory.
        case namedConfiguration = 0x4B
        /// `I` id: what an inventory delivered.
        case inventoryDelivery = 0x49
        /// `H` key: the current version, or current delete marker, of a key.
        case head = 0x48
        /// `V` key NUL version: a noncurrent version; newest first under its key.
        case noncurrent = 0x56
        /// `N` key: which noncurrent version is the null version.
        case nullPointer = 0x4E
        /// `B` id: bytes of a small body.
        case body = 0x42
        /// `P` version chunk: parts of a multipart version.
        case layout = 0x50
        /// `b` blob: the blob is in use.
        case blobOwner = 0x62
        /// `U` key NUL upload: a multipart upload in progress.
        case upload = 0x55
        /// `u` upload part: an uploaded part.
        case uploadPart = 0x75
        /// `W` upload: the result of a completed upload.
        case completedUpload = 0x57
        /// `T` lane due unique: a replication task.
        case task = 0x54
        /// `t` epoch: what the tasks of one configuration have in common.
        case taskPlans = 0x74
        /// `D` state requested unique: the deadline of a replication task under replication time.
        case deadline = 0x44
        /// `M` month rule NUL destination: what replication did under a rule.
        case replicationMonth = 0x4D
        /// `Z` key NUL version: a replica that was deleted by version ID.
        case tombstone = 0x5A
        /// `R` version: a large replica in the making.
        case ingestSession = 0x52
        /// `r` version offset: a segment of it that has arrived.
        case ingestSegment = 0x72
        /// `J` lane: how far the verification of a destination is.
        case verification = 0x4A
        /// `X` target stamp unique: an event on its way to a target.
        case event = 0x58
        /// `x` target stamp unique: an event that was given up.
        case deadEvent = 0x78
    }

    package static let epoch: [UInt8] = [Table.epoch.rawValue]
    package static let configuration: [UInt8] = [Table.configuration.rawValue]

    /// - Parameter kind: The name of the sub-resource.
    package static func namedConfiguration(kind: String, id: String) -> [UInt8] {
        self.namedConfigurationPrefix(kind: kind) + Array(id.utf8)
    }

    /// Before every configuration of the kind.
    package static func namedConfigurationPrefix(kind: String) -> [UInt8] {
        var row = self.row(.namedConfiguration, Array(kind.utf8))
        row.append(0)
        return row
    }

    /// - Parameter id: Of the inventory's configuration.
    package static func inventoryDelivery(_ id: String) -> [UInt8] {
        self.row(.inventoryDelivery, Array(id.utf8))
    }

    package static func head(_ key: ObjectKey) -> [UInt8] {
        self.row(.head, key.bytes)
    }

    package static func noncurrent(_ key: ObjectKey, _ version: VersionID) -> [UInt8] {
        var row = self.noncurrentPrefix(key)
        row.append(contentsOf: version.newestFirstBytes)
        return row
    }

    /// Before every noncurrent version of the key.
    package static func noncurrentPrefix(_ key: ObjectKey) -> [UInt8] {
        var row = self.row(.noncurrent, key.bytes)
        row.append(0)
        return row
    }

    package static func nullPointer(_ key: ObjectKey) -> [UInt8] {
        self.row(.nullPointer, key.bytes)
    }

    package static func body(_ id: [UInt8]) -> [UInt8] {
        self.row(.body, id)
    }

    package static func layout(_ version: VersionID, chunk: Int) -> [UInt8] {
        var row = self.layoutPrefix(version)
        row.append(bigEndian: UInt32(chunk))
        return row
    }

    package static func layoutPrefix(_ version: VersionID) -> [UInt8] {
        self.row(.layout, version.newestFirstBytes)
    }

    package static func blobOwner(_ blob: BlobID) -> [UInt8] {
        self.row(.blobOwner, blob.bytes)
    }

    package static func upload(_ key: ObjectKey, _ upload: VersionID) -> [UInt8] {
        var row = self.uploadPrefix(key)
        row.append(contentsOf: self.oldestFirstBytes(upload))
        return row
    }

    package static func uploadPrefix(_ key: ObjectKey) -> [UInt8] {
        var row = self.row(.upload, key.bytes)
        row.append(0)
        return row
    }

    package static func uploadPart(_ upload: VersionID, number: Int) -> [UInt8] {
        var row = self.uploadPartPrefix(upload)
        row.append(bigEndian: UInt16(number))
        return row
    }

    package static func uploadPartPrefix(_ upload: VersionID) -> [UInt8] {
        self.row(.uploadPart, upload.newestFirstBytes)
    }

    package static func completedUpload(_ upload: VersionID) -> [UInt8] {
        self.row(.completedUpload, self.oldestFirstBytes(upload))
    }

    package static func task(lane: LaneHash, due: Timestamp, unique: UInt64) -> [UInt8] {
        var row: [UInt8] = []
        row.reserveCapacity(25)
        row.append(Table.task.rawValue)
        row.append(bigEndian: lane.rawValue)
        row.append(bigEndian: UInt64(clamping: due.milliseconds))
        row.append(bigEndian: unique)
        return row
    }

    /// - Parameter epoch: Of the configuration that the tasks were planned under.
    package static func taskPlans(epoch: UInt64) -> [UInt8] {
        var row: [UInt8] = [Table.taskPlans.rawValue]
        row.append(bigEndian: epoch)
        return row
    }

    package static func verification(_ lane: LaneHash) -> [UInt8] {
        var row: [UInt8] = [Table.verification.rawValue]
        row.append(bigEndian: lane.rawValue)
        return row
    }

    /// - Parameter unique: The random end of the task's own row, which stays when the task is moved.
    package static func deadline(_ state: DeadlineState, requested: Timestamp, unique: UInt64) -> [UInt8] {
        var row = self.deadlinePrefix(state)
        row.append(bigEndian: UInt64(clamping: requested.milliseconds))
        row.append(bigEndian: unique)
        return row
    }

    package static func replicationMonthPrefix(_ month: String) -> [UInt8] {
        self.row(.replicationMonth, Array(month.utf8))
    }

    package static func month(ofReplicationMonth row: [UInt8]) -> String {
        String(decoding: row.dropFirst().prefix(6), as: UTF8.self)
    }

    /// The row of a deadline in another state.
    package static func deadline(_ state: DeadlineState, sameAs row: [UInt8]) -> [UInt8] {
        self.deadlinePrefix(state) + row.dropFirst(2)
    }

    package static func deadlinePrefix(_ state: DeadlineState) -> [UInt8] {
        [Table.deadline.rawValue, state.rawValue]
    }

    /// - Parameter month: The year and the month, in six digits.
    package static func replicationMonth(_ month: String, rule: String, destination: String) -> [UInt8] {
        var row = self.replicationMonthPrefix(month)
        row.append(contentsOf: rule.utf8)
        row.append(0)
        row.append(contentsOf: destination.utf8)
        return row
    }

    package static func lanePrefix(_ lane: LaneHash) -> [UInt8] {
        var row: [UInt8] = [Table.task.rawValue]
        row.append(bigEndian: lane.rawValue)
        return row
    }

    package static func tombstone(_ key: ObjectKey, _ version: VersionID) -> [UInt8] {
        var row = self.row(.tombstone, key.bytes)
        row.append(0)
        row.append(contentsOf: version.newestFirstBytes)
        return row
    }

    package static func ingestSession(_ version: VersionID) -> [UInt8] {
        self.row(.ingestSession, version.newestFirstBytes)
    }

    package static func ingestSegment(_ version: VersionID, offset: Int64) -> [UInt8] {
        var row = self.ingestSegmentPrefix(version)
        row.append(bigEndian: UInt64(offset))
        return row
    }

    package static func ingestSegmentPrefix(_ version: VersionID) -> [UInt8] {
        self.row(.ingestSegment, version.newestFirstBytes)
    }

    /// - Parameter stamp: When the event may be sent at the earliest; the events of one object key stand in its order.
    package static func event(target: EventTargetHash, stamp: HybridTimestamp, unique: UInt64) -> [UInt8] {
        var row = self.eventPrefix(target)
        row.append(bigEndian: stamp.rawValue)
        row.append(bigEndian: unique)
        return row
    }

    /// Before every event of the target.
    package static func eventPrefix(_ target: EventTargetHash) -> [UInt8] {
        var row: [UInt8] = [Table.event.rawValue]
        row.append(bigEndian: target.rawValue)
        return row
    }

    /// The row of an event that was given up, or of one that was taken up again.
    package static func event(_ row: [UInt8], movedTo table: Table) -> [UInt8] {
        [table.rawValue] + row.dropFirst()
    }

    /// Before every event of the target that was given up.
    package static func deadEventPrefix(_ target: EventTargetHash) -> [UInt8] {
        self.event(self.eventPrefix(target), movedTo: .deadEvent)
    }

    package static func table(_ table: Table) -> KeyRange {
        KeyRange(prefix: [table.rawValue])
    }

    /// The object key of a row of ``Table/head`` or ``Table/nullPointer``.
    package static func objectKey(ofHeadRow row: [UInt8]) -> ObjectKey {
        ObjectKey(trusted: Array(row.dropFirst()))
    }

    /// The object key and version of a row of ``Table/noncurrent``; `nil` if the row is too short to be one.
    package static func objectKeyAndVersion(ofNoncurrentRow row: [UInt8]) -> (ObjectKey, VersionID)? {
        let suffix = VersionID.newestFirstByteCount
        guard row.count > suffix + 2, let version = VersionID(newestFirstBytes: row.suffix(suffix)) else { return nil }
        return (ObjectKey(trusted: Array(row[1..<(row.count - suffix - 1)])), version)
    }

    /// Upload IDs sort by the time of initiation.
    private static func oldestFirstBytes(_ id: VersionID) -> [UInt8] {
        id.newestFirstBytes.map { ~$0 }
    }

    private static func row(_ table: Table, _ rest: [UInt8]) -> [UInt8] {
        var row: [UInt8] = []
        row.reserveCapacity(rest.count + 32)
        row.append(table.rawValue)
        row.append(contentsOf: rest)
        return row
    }
}

/// What became of a deadline of replication time.
package enum DeadlineState: UInt8, Sendable {
    /// The threshold has not passed, or nobody has noticed.
    case open = 0
    /// The threshold passed, and the operation still waits.
    case missed = 1
}

/// Groups the replication tasks of one destination bucket and class of traffic: FNV-1a of the bucket's name, 64 bits; for
/// classes other than live, of the name, a NUL and the number of the class.
package struct LaneHash: Hashable, Sendable {
    package let rawValue: UInt64

    package init(destinationBucket: String, traffic: TrafficClass = .live) {
        self.rawValue = fowlerNollVo(
            traffic == .live ? destinationBucket : "\(destinationBucket)\0\(traffic.rawValue)")
    }

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Stands for the source bucket in a replica's record: FNV-1a of its name, 64 bits.
package struct ReplicaSourceHash: Hashable, Sendable {
    package let rawValue: UInt64

    package init(_ bucket: String) {
        self.rawValue = fowlerNollVo(bucket)
    }
}

/// Groups the events of one target: FNV-1a of its ARN, 64 bits.
package struct EventTargetHash: Hashable, Sendable {
    package let rawValue: UInt64

    package init(_ target: String) {
        self.rawValue = fowlerNollVo(target)
    }
}

/// FNV-1a, 64 bits.
private func fowlerNollVo(_ text: String) -> UInt64 {
    text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
}
