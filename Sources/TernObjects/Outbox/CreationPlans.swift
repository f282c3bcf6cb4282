import FoundationEssentials
import Synchronization
import TernCore
import TernRecords
package import TernReplication
package import TernS3Protocol

/// A task on its way into the outbox: its row's value, and what is counted of it.
struct OutboxTask: Sendable {
    var ruleID: String
    var destinationBucket: String
    var lane: LaneHash
    var requested: Timestamp
    var byteCount: Int64
    /// Timed if it is under the promise of replication time.
    var traffic: TrafficClass
    /// The encoded `TaskRecord`.
    var value: [UInt8]
    /// Whose row the value needs to be complete; `nil` if it has all itself.
    var plans: CreationPlans?
}

/// What the rules of one replication configuration make of new versions, prepared once for the configuration.
///
/// Nearly all of a task is the same for all objects of a rule: that is one row for the configuration, which the first
/// commit with such a task writes, and a task names its part of it (`docs/decisions/0020-plans-of-tasks.md`).
package final class CreationPlans: Sendable {
    private struct Rule {
        var state: DestinationState
        /// The state as a field of a version's record.
        var encodedState: [UInt8]
        /// What names the rule in a task's value: the fields `plan` and `configuration_epoch`.
        var reference: [UInt8]
        var objectLane: LaneHash
        var objectTraffic: TrafficClass
        /// Delete markers are outside the promise of replication time (L-38).
        var markerLane: LaneHash
    }

    private let rules: [Rule]
    /// Whether no two rules have one destination bucket.
    let destinationsDiffer: Bool
    /// The row of what the tasks have in common.
    let row: [UInt8]
    let value: [UInt8]
    private let isKnownToBeStored = Atomic<Bool>(false)

    package init(_ configuration: ReplicationConfiguration, epoch: UInt64) throws(S3Error) {
        var rules: [Rule] = []
        var common = TaskPlansRecord()
        for (index, rule) in configuration.rules.enumerated() {
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
            task.destinationAccount = rule.destination.account ?? ""
            task.ownerOverride = state.ownerOverride
            task.replicaKmsKey = rule.destination.replicaKMSKeyID ?? ""
            task.metricsEnabled = rule.hasMetrics
            task.timeControl = rule.hasReplicationTimeControl
            common.rules.append(task)

            var holder = VersionRecord()
            holder.destinations = [state]

            var reference = TaskRecord()
            reference.plan = UInt32(index + 1)
            reference.configurationEpoch = epoch
            rules.append(
                Rule(
                    state: state, encodedState: try encodeRecord(holder), reference: try encodeRecord(reference),
                    objectLane: LaneHash(destinationBucket: state.destinationBucket, traffic: task.traffic),
                    objectTraffic: task.traffic, markerLane: LaneHash(destinationBucket: state.destinationBucket)))
        }
        self.rules = rules
        self.destinationsDiffer = configuration.distinctDestinations.count == rules.count
        self.row = Keyspace.taskPlans(epoch: epoch)
        self.value = try encodeRecord(common)
    }

    /// Whether the row is in the store, so that commits need not write it any more.
    var isStored: Bool { self.isKnownToBeStored.load(ordering: .relaxed) }

    /// A commit with a task of these plans has succeeded.
    func noteStored() {
        if !self.isStored { self.isKnownToBeStored.store(true, ordering: .relaxed) }
    }

    /// The state of a new version under the rule of this index, as it stands in the version's encoded record, behind
    /// everything else: the fields of a message may stand in any order.
    func encodedState(ofRuleAt index: Int) -> [UInt8] { self.rules[index].encodedState }

    /// The delivery of a new version under the rule of this index.
    func plan(
        ruleAt index: Int, for record: VersionRecord, key: ObjectKey, requested: Timestamp
    ) -> (state: DestinationState, task: OutboxTask) {
        let rule = self.rules[index]
        let isMarker = record.isDeleteMarker
        let byteCount = isMarker ? 0 : record.byteCount
        var value: [UInt8] = []
        value.reserveCapacity(rule.reference.count + key.bytes.count + 64)
        value.append(contentsOf: rule.reference)
        value.append(field: 1, bytes: key.bytes)
        Self.append(record.id, to: &value)
        if record.isNull { value.append(field: 3, varint: 1) }
        if isMarker { value.append(field: 4, varint: UInt64(TaskRecord.Kind.deleteMarker.rawValue)) }
        value.append(field: 10, varint: UInt64(bitPattern: requested.milliseconds))
        if byteCount != 0 { value.append(field: 12, varint: UInt64(bitPattern: byteCount)) }
        let task = OutboxTask(
            ruleID: rule.state.ruleID, destinationBucket: rule.state.destinationBucket,
            lane: isMarker ? rule.markerLane : rule.objectLane, requested: requested, byteCount: byteCount,
            traffic: isMarker ? .live : rule.objectTraffic, value: value, plans: self)
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
            lane: LaneHash(destinationBucket: record.destinationBucket, traffic: record.traffic),
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
