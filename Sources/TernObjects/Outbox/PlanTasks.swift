import FoundationEssentials
import TernCore
package import TernRecords
package import TernReplication
import TernS3Protocol
import TernStorage

/// What the planner decided for one change, as rows and states.
struct PlannedDeliveries {
    var states: [DestinationState] = []
    var tasks: [OutboxTask] = []
    /// ``states`` as they stand in the version's record, where they are known beforehand.
    var encodedStates: [UInt8] = []

    var isEmpty: Bool { self.tasks.isEmpty }
}

extension ObjectService {
    /// Plans the replication of a version that is being created.
    func planCreation(
        of record: VersionRecord, key: ObjectKey, in bucket: BucketState, origin: VersionChange.Origin,
        requested: Timestamp
    ) -> PlannedDeliveries {
        guard let configuration = bucket.replication, let plans = bucket.creationPlans, !record.isReplica else {
            return PlannedDeliveries()
        }
        let change = VersionChange(
            kind: record.isDeleteMarker ? .deleteMarkerCreated(origin) : .created(origin),
            key: key,
            tags: record.tagSet,
            storageClass: record.storageClassValue,
            encryption: record.plannedEncryption,
            isReplica: false,
            isNullVersion: record.isNull,
            byteCount: record.byteCount
        )
        var result = PlannedDeliveries()
        ReplicationPlanner.forEachReplicatingRule(
            of: configuration, change: change, destinationsDiffer: plans.destinationsDiffer
        ) { index in
            let (state, task) = plans.plan(ruleAt: index, for: record, key: key, requested: requested)
            result.states.append(state)
            result.tasks.append(task)
            result.encodedStates.append(contentsOf: plans.encodedState(ofRuleAt: index))
        }
        return result
    }

    /// Plans the replication of a change of one attribute. `record` already has the new value and its stamp.
    func planChange(
        of attribute: VersionChange.Attribute, in record: VersionRecord, key: ObjectKey, bucket: BucketState,
        requested: Timestamp
    ) throws(S3Error) -> PlannedDeliveries {
        guard let configuration = bucket.replication else { return PlannedDeliveries() }
        let admitted = record.destinations.map { state in
            VersionChange.AdmittedDestination(
                bucket: BucketName(trusted: state.destinationBucket), hadOwnerOverride: state.ownerOverride)
        }
        let change = VersionChange(
            kind: .attributeChanged(attribute, .client, admittedDestinations: admitted),
            key: key,
            tags: record.tagSet,
            storageClass: record.storageClassValue,
            encryption: record.plannedEncryption,
            isReplica: record.isReplica,
            isNullVersion: record.isNull,
            byteCount: record.byteCount
        )
        return try self.deliveries(
            of: ReplicationPlanner.plan(configuration: configuration, change: change), record: record, key: key,
            in: bucket, requested: requested)
    }

    private func deliveries(
        of plan: ReplicationPlan, record: VersionRecord, key: ObjectKey, in bucket: BucketState, requested: Timestamp
    ) throws(S3Error) -> PlannedDeliveries {
        var result = PlannedDeliveries()
        for planned in plan.tasks {
            var state = DestinationState()
            state.destinationBucket = planned.destinationBucket.description
            state.ruleID = planned.ruleID
            // What the rule says at admission holds for as long as the replica lives (L-60).
            let known = record.destinations.first { $0.destinationBucket == state.destinationBucket }
            state.ownerOverride = known?.ownerOverride ?? planned.ownerOverride
            let kind = TaskRecord.Kind(planned.kind)
            let stamp = record.stamp(of: kind)
            state[kind.component] = StoredComponent(status: .pending, stamp: stamp)
            result.states.append(state)

            var task = TaskRecord()
            task.key = .init(key.bytes)
            task.version = record.id
            task.isNull = record.isNull
            task.kind = kind
            task.ruleID = planned.ruleID
            task.destinationBucket = planned.destinationBucket.description
            task.role = planned.role
            task.storageClass = planned.storageClass?.rawValue ?? ""
            task.configurationEpoch = bucket.record.epoch
            task.requestMs = requested.milliseconds
            task.attributeStamp = stamp
            task.destinationAccount = planned.account ?? ""
            task.ownerOverride = state.ownerOverride
            task.metricsEnabled = planned.metrics
            task.timeControl = planned.rtc
            result.tasks.append(try OutboxTask(task))
        }
        return result
    }

    /// Adds the tasks' rows to the commit that makes their version visible, and what they need to be complete.
    func put(_ tasks: [OutboxTask], in batch: inout MetadataBatch) {
        // All are of one configuration.
        if let plans = tasks.lazy.compactMap(\.plans).first, !plans.isStored { batch.put(plans.row, plans.value) }
        for task in tasks {
            let unique = self.clock.randomBits()
            batch.put(Keyspace.task(lane: task.lane, due: task.requested, unique: unique), task.value)
            if task.traffic == .timed {
                batch.put(Keyspace.deadline(.open, requested: task.requested, unique: unique), task.value)
            }
        }
    }
}

extension VersionRecord {
    /// Its encryption, as rules select by it (live-replication rules L-04 to L-07).
    package var plannedEncryption: VersionChange.Encryption {
        switch self.hasEncryption ? self.encryption.kind : .none {
        case .sseS3: .sseS3
        case .sseKms: .sseKMS
        case .dsseKms: .dsseKMS
        case .sseC: .sseC
        case .none, .UNRECOGNIZED: .none
        }
    }
}
