import FoundationEssentials
package import TernCore
package import TernRecords
package import TernReplication
package import TernS3Protocol
import TernStorage

/// A version whose replication a job starts.
package struct InitiationRequest: Hashable, Sendable {
    package var key: ObjectKey
    /// `nil` is the version, or delete marker, that is current by then.
    package var version: VersionReference?

    package init(key: ObjectKey, version: VersionReference?) {
        self.key = key
        self.version = version
    }
}

/// A replication task that a job has put into the outbox.
package struct StartedTask: Hashable, Sendable {
    /// What ``StartedTasks`` knows it by.
    package var number: UInt64
    package var destinationBucket: String
    package var ruleID: String
}

/// What starting the replication of one version came to.
package enum Initiation: Hashable, Sendable {
    /// In the order of their rules.
    case started([StartedTask])
    /// Nothing was changed of the version (spec rule BR-EL-1, batch-replication §6.7). What each rule says to it is told
    /// where that is why.
    case refused(ReplicationFailureReason, message: String, rules: [RuleDecision] = [])
}

extension ObjectService {
    /// Starts the replication of versions that exist, as jobs do: their status becomes PENDING for each destination of an
    /// enabled rule that they are eligible for, and a task of the lowest class is made, in one commit for all of them
    /// where possible (batch-replication §6).
    ///
    /// - Parameter group: The group of ``startedTasks`` in which the tasks' ends are told.
    /// - Returns: One answer for each request.
    package func initiateReplication(
        _ requests: [InitiationRequest], inBucket name: String, id bucketID: UInt64?, group: Int
    ) async throws(S3Error) -> [Initiation] {
        var answers = [Initiation?](repeating: nil, count: requests.count)
        var waiting = Array(requests.indices)
        while !waiting.isEmpty {
            // One commit has one change of each key.
            var wave: [Int] = []
            var later: [Int] = []
            var keys: Set<ObjectKey> = []
            for index in waiting {
                if keys.insert(requests[index].key).inserted { wave.append(index) } else { later.append(index) }
            }
            let results = try await self.initiateTogether(
                wave.map { requests[$0] }, inBucket: name, id: bucketID, group: group)
            for (index, result) in zip(wave, results) { answers[index] = result }
            waiting = later
        }
        return answers.map { $0 ?? .refused(.srcObjectNotFound, message: "") }
    }

    private func initiateTogether(
        _ requests: [InitiationRequest], inBucket name: String, id bucketID: UInt64?, group: Int
    ) async throws(S3Error) -> [Initiation] {
        if requests.count > 1,
            let answers = try await self.tryInitiate(requests, inBucket: name, id: bucketID, group: group)
        {
            return answers
        }
        // Somebody changes one of the versions, or the bucket: each on its own.
        var answers: [Initiation] = []
        for request in requests {
            answers.append(try await self.initiateAlone(request, inBucket: name, id: bucketID, group: group))
        }
        return answers
    }

    private func initiateAlone(
        _ request: InitiationRequest, inBucket name: String, id bucketID: UInt64?, group: Int
    ) async throws(S3Error) -> Initiation {
        for _ in 0..<Self.maximumCommitAttempts {
            if let answer = try await self.tryInitiate([request], inBucket: name, id: bucketID, group: group)?.first {
                return answer
            }
            self.registry.refresh(name)
        }
        throw .operationAborted
    }

    /// One attempt; `nil` when a precondition did not hold.
    private func tryInitiate(
        _ requests: [InitiationRequest], inBucket name: String, id bucketID: UInt64?, group: Int
    ) async throws(S3Error) -> [Initiation]? {
        let bucket: BucketState
        do throws(S3Error) {
            bucket = try await self.registry.state(name)
        } catch {
            guard error.code == "NoSuchBucket" else { throw error }
            return requests.map { _ in
                .refused(.srcBucketNotFound, message: "The specified bucket does not exist")
            }
        }
        if let bucketID, bucket.record.bucketID != bucketID {
            return requests.map { _ in
                .refused(.srcBucketNotFound, message: "The specified bucket does not exist")
            }
        }
        var batch = MetadataBatch(partition: bucket.partition)
        batch.require(Keyspace.epoch, is: bucket.epochValue)
        var answers: [Initiation] = []
        var tasks: [OutboxTask] = []
        var numbers: [UInt64] = []
        let requested = self.clock.now
        for request in requests {
            guard let version = try await self.find(request, in: bucket) else {
                answers.append(.refused(.srcObjectNotFound, message: "The specified object does not exist"))
                continue
            }
            guard let configuration = bucket.replication else {
                answers.append(
                    .refused(
                        .srcBucketReplicationConfigMissing,
                        message: "The source bucket has no replication configuration"))
                continue
            }
            let plan = ReplicationPlanner.plan(
                configuration: configuration, change: version.record.existingChange(key: request.key))
            guard !plan.tasks.isEmpty else {
                answers.append(
                    .refused(
                        .srcObjectNotEligible, message: "Object is not eligible for replication",
                        rules: plan.decisions))
                continue
            }
            var record = version.record
            var started: [StartedTask] = []
            for planned in plan.tasks {
                let task = record.start(planned, key: request.key, epoch: bucket.record.epoch, requested: requested)
                let outboxTask = try OutboxTask(task)
                let number = self.clock.randomBits()
                batch.put(
                    Keyspace.task(
                        lane: LaneHash(destinationBucket: outboxTask.destinationBucket, traffic: outboxTask.traffic),
                        due: requested, unique: number), outboxTask.value)
                tasks.append(outboxTask)
                numbers.append(number)
                started.append(
                    StartedTask(number: number, destinationBucket: task.destinationBucket, ruleID: task.ruleID))
            }
            batch.require(version.row, is: version.value)
            batch.put(version.row, try encodeRecord(record))
            answers.append(.started(started))
        }
        if batch.writes.isEmpty { return answers }
        self.outbox.startedTasks.expect(numbers, in: group)
        var isCommitted = false
        defer { if !isCommitted { self.outbox.startedTasks.forget(numbers) } }
        isCommitted = try await self.tryCommit(batch, adding: tasks, to: bucket)
        return isCommitted ? answers : nil
    }

    private func find(_ request: InitiationRequest, in bucket: BucketState) async throws(S3Error) -> StoredVersion? {
        guard let version = request.version else { return try await self.head(request.key, in: bucket) }
        return try await self.version(version, of: request.key, in: bucket)
    }
}

extension VersionRecord {
    /// The question whether a job may replicate the version: with its tags and class as they are now (§6.3).
    package func existingChange(key: ObjectKey) -> VersionChange {
        VersionChange(
            kind: .existing(
                self.isDeleteMarker ? .deleteMarker(madeByLifecycle: self.isOfLifecycle) : .object),
            key: key, tags: self.tagSet, storageClass: self.storageClassValue, encryption: self.plannedEncryption,
            isReplica: self.isReplica, isNullVersion: self.isNull, byteCount: self.byteCount)
    }

    /// Notes that a destination is asked for the version again, and makes the task.
    fileprivate mutating func start(
        _ planned: PlannedTask, key: ObjectKey, epoch: UInt64, requested: Timestamp
    ) -> TaskRecord {
        let name = planned.destinationBucket.description
        let index = self.destinations.firstIndex { $0.destinationBucket == name }
        var state = index.map { self.destinations[$0] } ?? DestinationState()
        if index == nil {
            state.destinationBucket = name
            state.ownerOverride = planned.ownerOverride
        }
        state.ruleID = planned.ruleID
        state.data = .pending
        state.dataFailureReason = ""
        // The version goes with all its attributes: what failed of them before is tried again with it.
        for component in DestinationStatus.Component.allCases where component != .data {
            var attribute = state[component]
            guard attribute.status == .failed else { continue }
            attribute.status = .none
            attribute.failureReason = ""
            state[component] = attribute
        }
        state.refreshFailureReason()
        if let index { self.destinations[index] = state } else { self.destinations.append(state) }

        var task = TaskRecord()
        task.key = .init(key.bytes)
        task.version = self.id
        task.isNull = self.isNull
        task.kind = TaskRecord.Kind(planned.kind)
        task.ruleID = planned.ruleID
        task.destinationBucket = name
        task.role = planned.role
        task.storageClass = planned.storageClass?.rawValue ?? ""
        task.configurationEpoch = epoch
        task.requestMs = requested.milliseconds
        task.byteCount = self.isDeleteMarker ? 0 : self.byteCount
        task.destinationAccount = planned.account ?? ""
        task.ownerOverride = state.ownerOverride
        task.replicaKmsKey = planned.replicaKMSKeyID ?? ""
        task.metricsEnabled = planned.metrics
        task.isBatch = true
        // A replica went to its origin by nothing that this bucket did.
        task.wasDelivered = state.completedMs != 0
        return task
    }
}
