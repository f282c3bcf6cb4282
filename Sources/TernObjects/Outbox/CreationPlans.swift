import FoundationEssentials
import TernCore
import TernRecords
package import TernReplication
package import TernS3Protocol

/// A task on its way into the outbox: its row's value, and what is counted of it.
struct OutboxTask: Sendable {
    var ruleID: String
    var destinationBucket: String
    var requested: Timestamp
    var byteCount: Int64
    /// Timed if it is under the promise of replication time.
    var traffic: TrafficClass
    /// The encoded `TaskRecord`.
    var value: [UInt8]
}

/// What the rules of one replication configuration make of new versions, prepared once for the configuration.
///
/// Nearly all of a task's record is the same for all objects: those bytes are encoded here, and a write appends the few
/// fields that differ. That is sound because the fields of a protobuf message may stand in any order.
package final class CreationPlans: Sendable {
    private struct Rule {
        var state: DestinationState
        var objectBytes: [UInt8]
        /// Delete markers are outside the promise of replication time (L-38).
        var markerBytes: [UInt8]
        var isTimed: Bool
    }

    private let rules: [Rule]

    package init(_ configuration: ReplicationConfiguration, epoch: UInt64) throws(S3Error) {
        var rules: [Rule] = []
        for rule in configuration.rules {
            var state = DestinationState()
            state.destinationBucket = rule.destination.bucket.description
            state.ruleID = rule.id
            state.ownerOverride = rule.destination.ownerOverride
            state.data = .pending

            var task = TaskRecord()
            task.ruleID = rule.id
            task.destinationBucket = state.destinationBucket
            task.role = configuration.role
            task.storageClass = rule.destination.storageClass?.rawValue ?? ""
            task.configurationEpoch = epoch
            task.destinationAccount = rule.destination.account ?? ""
            task.ownerOverride = state.ownerOverride
            task.replicaKmsKey = rule.destination.replicaKMSKeyID ?? ""
            task.metricsEnabled = rule.hasMetrics
            let markerBytes = try encodeRecord(task)
            task.timeControl = rule.hasReplicationTimeControl
            rules.append(
                Rule(
                    state: state, objectBytes: try encodeRecord(task), markerBytes: markerBytes,
                    isTimed: task.timeControl))
        }
        self.rules = rules
    }

    /// The delivery of a new version under the rule of this index.
    func plan(
        ruleAt index: Int, for record: VersionRecord, key: ObjectKey, requested: Timestamp
    ) -> (state: DestinationState, task: OutboxTask) {
        let rule = self.rules[index]
        let byteCount = record.isDeleteMarker ? 0 : record.byteCount
        let ruleBytes = record.isDeleteMarker ? rule.markerBytes : rule.objectBytes
        var value: [UInt8] = []
        value.reserveCapacity(ruleBytes.count + key.bytes.count + 64)
        value.append(contentsOf: ruleBytes)
        value.append(field: 1, bytes: key.bytes)
        Self.append(record.id, to: &value)
        if record.isNull { value.append(field: 3, varint: 1) }
        if record.isDeleteMarker { value.append(field: 4, varint: UInt64(TaskRecord.Kind.deleteMarker.rawValue)) }
        value.append(field: 10, varint: UInt64(bitPattern: requested.milliseconds))
        if byteCount != 0 { value.append(field: 12, varint: UInt64(bitPattern: byteCount)) }
        let task = OutboxTask(
            ruleID: rule.state.ruleID, destinationBucket: rule.state.destinationBucket, requested: requested,
            byteCount: byteCount, traffic: rule.isTimed && !record.isDeleteMarker ? .timed : .live,
            value: value)
        return (rule.state, task)
    }

    /// `TaskRecord.version`: a message of three fields of fixed size.
    private static func append(_ id: VersionIdentity, to value: inout [UInt8]) {
        value.append(tag: 2, wireType: 2)
        value.append(23)
        value.append(tag: 1, wireType: 1)
        value.append(littleEndian: id.stamp)
        value.append(tag: 2, wireType: 5)
        value.append(littleEndian: id.origin)
        value.append(tag: 3, wireType: 1)
        value.append(littleEndian: id.random)
    }
}

extension OutboxTask {
    init(_ record: TaskRecord, value: [UInt8]) {
        self.init(
            ruleID: record.ruleID, destinationBucket: record.destinationBucket,
            requested: Timestamp(milliseconds: record.requestMs), byteCount: record.byteCount,
            traffic: record.traffic, value: value)
    }

    init(_ record: TaskRecord) throws(S3Error) {
        self.init(record, value: try encodeRecord(record))
    }
}

/// The wire format of protobuf, as far as a task's record needs it.
extension [UInt8] {
    fileprivate mutating func append(tag number: UInt8, wireType: UInt8) {
        self.append(number << 3 | wireType)
    }

    fileprivate mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.append(UInt8(rest))
    }

    fileprivate mutating func append(field number: UInt8, varint value: UInt64) {
        self.append(tag: number, wireType: 0)
        self.append(varint: value)
    }

    fileprivate mutating func append(field number: UInt8, bytes: some Collection<UInt8>) {
        self.append(tag: number, wireType: 2)
        self.append(varint: UInt64(bytes.count))
        self.append(contentsOf: bytes)
    }

    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self.append(contentsOf: $0) }
    }
}
