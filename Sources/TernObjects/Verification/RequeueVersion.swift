import FoundationEssentials
import TernCore
import TernRecords
import TernReplication
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Queues what a comparison found missing or behind for replication again, by the one outbox: the status becomes
    /// PENDING and the task is made in one commit, and what is refused is refused again.
    ///
    /// Only what the finding is about: a version that is not missing any more is left alone. The task has the role and
    /// options of the rule as it is now.
    package func requeue(
        _ finding: VerificationFinding, lane: LaneID
    ) async throws(S3Error) -> VerificationFinding.Repair? {
        guard [.missing, .metadata, .withoutTask].contains(finding.kind) else { return nil }
        for _ in 0..<Self.maximumCommitAttempts {
            guard let bucket = try await self.sourceBucket(of: lane) else { return .overtaken }
            guard let plans = bucket.creationPlans, let configuration = bucket.replication,
                let rule = configuration.rules.firstIndex(where: {
                    $0.id == finding.ruleID && $0.isEnabled
                        && $0.destination.bucket.description == lane.destinationBucket
                })
            else { return .ruleIsGone }
            guard
                let version = try await self.version(
                    identity: finding.place.version, of: finding.place.key, in: bucket),
                let index = version.record.destinations.firstIndex(where: {
                    $0.destinationBucket == lane.destinationBucket
                })
            else { return .overtaken }
            var record = version.record
            var state = record.destinations[index]
            guard state.stillStands(as: finding.kind) else { return .overtaken }
            let requested = self.clock.now
            var tasks: [OutboxTask] = []
            for component in state.components(toRepair: finding) {
                guard let attribute = component.attribute else {
                    state.data = .pending
                    tasks.append(
                        plans.plan(ruleAt: rule, for: record, key: finding.place.key, requested: requested).task)
                    continue
                }
                let kind = TaskRecord.Kind(attribute)
                state[component] = StoredComponent(status: .pending, stamp: record.stamp(of: attribute))
                var made = TaskRecord()
                made.key = .init(finding.place.key.bytes)
                made.version = record.id
                made.isNull = record.isNull
                made.kind = kind
                made.ruleID = finding.ruleID
                made.destinationBucket = lane.destinationBucket
                made.role = configuration.role
                made.configurationEpoch = bucket.record.epoch
                made.requestMs = requested.milliseconds
                made.attributeStamp = record.stamp(of: attribute)
                made.destinationAccount = configuration.rules[rule].destination.account ?? ""
                made.ownerOverride = state.ownerOverride
                tasks.append(try OutboxTask(made))
            }
            record.destinations[index] = state
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(version.row, is: version.value)
            batch.put(version.row, try encodeRecord(record))
            self.put(tasks, in: &batch)
            if try await self.tryCommit(batch, adding: tasks, to: bucket) { return .queued }
            self.registry.refresh(bucket.name)
        }
        throw .operationAborted
    }
}

extension DestinationState {
    /// Whether the state is still the one that made a comparison say this.
    fileprivate func stillStands(as kind: VerificationFinding.Kind) -> Bool {
        switch kind {
        case .missing: self.data == .completed && !self.isPending
        case .withoutTask: self.isPending
        default: !self.isPending && !self.isFailed
        }
    }

    /// What has to be sent: the version itself, its attributes that are behind, or all that waits without a task.
    fileprivate func components(toRepair finding: VerificationFinding) -> [DestinationStatus.Component] {
        switch finding.kind {
        case .missing: [.data]
        case .withoutTask: DestinationStatus.Component.allCases.filter { self[$0].status == .pending }
        default: finding.attributes.map { DestinationStatus.Component($0) }
        }
    }
}
