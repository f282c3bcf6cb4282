package import TernCore
package import TernRecords
package import TernReplication
package import TernS3Protocol
import TernStorage

/// How a task ended.
package enum TaskOutcome: Sendable, Hashable {
    /// The destination has it. `attributesStamp` is the stamp with which the task's attribute was given to it.
    /// `withoutTags` says why the object arrived without its tags, which is no failed operation (T-15, M-11).
    case done(attributesStamp: UInt64, withoutTags: ReplicationFailureReason? = nil)
    /// The destination, or the source, refuses it for good (spec rule T-08).
    case refused(ReplicationFailureReason)
    /// There is nothing to deliver any more (spec rule I-13).
    case cancelled(reason: String)
}

/// A task with its outcome, to be committed.
package struct TaskSettlement: Sendable {
    package var task: StoredTask
    package var outcome: TaskOutcome
    /// The version as it was read for the delivery; saves reading it again where it has not changed.
    package var version: StoredVersion?

    package init(task: StoredTask, outcome: TaskOutcome, version: StoredVersion? = nil) {
        self.task = task
        self.outcome = outcome
        self.version = version
    }
}

/// A task whose outcome is committed.
package struct SettledTask: Sendable {
    /// The pair of buckets, whatever the class of the task.
    package var lane: LaneID
    package var task: TaskRecord
    /// `cancelled` when the version was gone by then, whatever the destination had said.
    package var outcome: TaskOutcome
    package var time: Timestamp
    /// Whether it was noticed before that the threshold of replication time had passed.
    package var wasMissed: Bool

    package init(
        lane: LaneID, task: TaskRecord, outcome: TaskOutcome, time: Timestamp, wasMissed: Bool = false
    ) {
        self.lane = lane.pair
        self.task = task
        self.outcome = outcome
        self.time = time
        self.wasMissed = wasMissed
    }
}

/// Told of outcomes in groups; must return quickly.
package typealias OutcomeObserver = @Sendable ([SettledTask]) -> Void

extension ObjectService {
    /// Commits outcomes: the status in each version's record, and the removal of the task (spec rules T-05 to T-14).
    ///
    /// All in one commit where possible. Tasks that no longer stand as they were read were settled before, and are left
    /// alone: settling twice changes nothing.
    package func settle(_ settlements: [TaskSettlement], lane: LaneID) async throws(S3Error) {
        guard !settlements.isEmpty else { return }
        // Whoever settles tasks has read them, so that there is no doubt that they were committed.
        self.outbox.doubts.found(settlements.lazy.map(\.task.row))
        // After a failure some may be settled already: then all are read again, so that those of the next commit are there.
        let isSure = self.outbox.beginSettling(lane)
        try await self.resolveSettlementDoubts(of: lane)
        var isSettled = false
        if isSure { isSettled = try await self.trySettle(settlements, lane: lane, trustsHints: true) }
        if !isSettled { isSettled = try await self.trySettle(settlements, lane: lane, trustsHints: false) }
        // Clients change some of the versions all the time; the rest shall not wait for them.
        for settlement in settlements where !isSettled {
            var attempts = 0
            while try await !self.trySettle([settlement], lane: lane, trustsHints: false) {
                attempts += 1
                if attempts >= Self.maximumCommitAttempts { throw .operationAborted }
            }
        }
        self.outbox.endSettling(lane)
    }

    private func trySettle(_ settlements: [TaskSettlement], lane: LaneID, trustsHints: Bool) async throws(S3Error)
        -> Bool
    {
        let bucket = try await self.sourceBucket(of: lane)
        var batch = MetadataBatch(partition: lane.partition)
        var versions: [SettledVersion.Identity: SettledVersion] = [:]
        var settled: [SettledTask] = []
        var ends: [(UInt64, StartedTaskEnd)] = []
        var events = AddedEvents()
        var witness: StoredTask?
        let now = self.clock.now
        for settlement in settlements {
            let task = settlement.task
            if !trustsHints {
                let value = try await self.metadata.value(task.row, in: lane.partition)
                guard value == task.value else { continue }
            }
            batch.require(task.row, is: task.value)
            batch.delete(task.row)
            witness = task

            let identity = SettledVersion.Identity(task.record)
            var version = versions[identity]
            if version == nil {
                var stored = trustsHints ? settlement.version : nil
                if stored == nil, let bucket {
                    stored = try await self.version(
                        identity: identity.version, of: ObjectKey(trusted: identity.key), in: bucket)
                }
                version = stored.map { SettledVersion($0) }
            }
            var outcome = settlement.outcome
            if var found = version {
                found.apply(outcome, of: task.record, at: now)
                versions[identity] = found
            } else {
                outcome = .cancelled(reason: "the version was deleted")
            }
            var wasMissed = false
            var isUntracked = false
            if task.record.timeControl, let bucket {
                let deadline = try await self.settleDeadline(
                    of: task, outcome: outcome, version: version?.stored.record, bucket: bucket, now: now, in: &batch)
                events.append(deadline.events)
                wasMissed = deadline.wasMissed
                isUntracked = deadline.isUntracked
            }
            if task.record.metricsEnabled, !isUntracked, let bucket {
                events.append(
                    try self.addOutcomeEvent(
                        of: task.record, outcome: outcome, version: version?.stored.record, in: bucket, to: &batch))
            }
            if task.record.isBatch { ends.append((task.number, StartedTaskEnd(outcome))) }
            settled.append(
                SettledTask(lane: lane, task: task.record, outcome: outcome, time: now, wasMissed: wasMissed))
        }
        for version in versions.values {
            // Also where the outcome changes nothing: by a record that was read before the task was made, it may seem so.
            batch.require(version.stored.row, is: version.stored.value)
            if version.isChanged { batch.put(version.stored.row, try encodeRecord(version.stored.record)) }
        }
        if settled.isEmpty { return true }
        let conclusion = Settlement(settled: settled, ends: ends, events: events)
        do {
            guard try await self.metadata.tryCommit(batch) else { return false }
        } catch {
            if let witness {
                self.outbox.doubtfulSettlements.note(
                    conclusion, witness: KeyValue(key: witness.row, value: witness.value), of: lane)
            }
            throw error
        }
        await self.conclude(conclusion, lane: lane, bucket: bucket)
        return true
    }

    /// All that follows from outcomes once they are committed.
    func conclude(_ settlement: Settlement, lane: LaneID, bucket: BucketState?) async {
        self.outbox.removed(settlement.settled.map(\.task), from: lane)
        self.events.added(settlement.events, in: lane.partition)
        self.attainment.record(settlement.settled)
        self.outbox.startedTasks.ended(settlement.ends)
        self.outbox.publish(settlement.settled)
        await self.noteAccesses(settlement.settled, in: bucket)
    }

    /// The bucket that a lane comes from; `nil` when it is gone, or another bucket has its name now.
    package func sourceBucket(of lane: LaneID) async throws(S3Error) -> BucketState? {
        do {
            let bucket = try await self.registry.state(lane.sourceBucket)
            return bucket.record.bucketID == lane.sourceBucketID ? bucket : nil
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }
}

/// A version with outcomes applied to it.
private struct SettledVersion {
    struct Identity: Hashable {
        var key: [UInt8]
        var version: VersionID

        init(_ task: TaskRecord) {
            self.key = Array(task.key)
            self.version = task.version.versionID
        }

        /// The key in one piece: an array by itself hands the hasher one byte after the other.
        func hash(into hasher: inout Hasher) {
            self.key.withUnsafeBytes { hasher.combine(bytes: $0) }
            hasher.combine(self.version)
        }
    }

    var stored: StoredVersion
    private(set) var isChanged = false

    init(_ stored: StoredVersion) {
        self.stored = stored
    }

    mutating func apply(_ outcome: TaskOutcome, of task: TaskRecord, at now: Timestamp) {
        guard
            let index = self.stored.record.destinations.firstIndex(where: {
                $0.destinationBucket == task.destinationBucket
            })
        else { return }
        var state = self.stored.record.destinations[index]
        state.apply(outcome, of: task, at: now)
        guard state != self.stored.record.destinations[index] else { return }
        self.stored.record.destinations[index] = state
        self.isChanged = true
    }
}

extension DestinationState {
    /// Applies the outcome of one task to the component that the task was for (spec §3.1).
    mutating func apply(_ outcome: TaskOutcome, of task: TaskRecord, at now: Timestamp) {
        let component = task.kind.component
        var state = self[component]
        switch outcome {
        case .done(let stamp, let missingTags):
            // A newer change has a task of its own, unless it was delivered with this one.
            if max(task.attributeStamp, stamp) < state.stamp { return }
            state.status = .completed
            state.failureReason = ""
            if component == .data {
                self.completedMs = now.milliseconds
                if let missingTags { self.tagsStayedBehind(missingTags, at: now) }
            }
        case .refused(let reason):
            if task.attributeStamp < state.stamp { return }
            state.status = .failed
            state.failureReason = reason.rawValue
            self.fail(reason, at: now)
        case .cancelled:
            if task.attributeStamp < state.stamp { return }
            state.status = .none
            state.failureReason = ""
        }
        self[component] = state
        self.refreshFailureReason()
    }

    /// The object arrived without its tags (T-15). A change of the tags that waits has its own outcome.
    private mutating func tagsStayedBehind(_ reason: ReplicationFailureReason, at now: Timestamp) {
        if self.tags == .pending { return }
        self.tags = .failed
        self.tagsFailureReason = reason.rawValue
        self.fail(reason, at: now)
    }

    /// Notes the latest failure; the time is that of the first with this reason.
    private mutating func fail(_ reason: ReplicationFailureReason, at now: Timestamp) {
        if self.failureReason != reason.rawValue || self.failedMs == 0 { self.failedMs = now.milliseconds }
        self.failureReason = reason.rawValue
    }

    /// Keeps ``failureReason`` that of a failure which still stands.
    mutating func refreshFailureReason() {
        let failed = DestinationStatus.Component.allCases.map { self[$0] }.filter { $0.status == .failed }
        let reasons = failed.map(\.failureReason)
        // Records from before each component had its own have only the common one.
        if failed.isEmpty {
            self.failureReason = ""
            self.failedMs = 0
        } else if !reasons.contains(self.failureReason), let other = reasons.first(where: { !$0.isEmpty }) {
            self.failureReason = other
        }
    }
}

extension StartedTaskEnd {
    fileprivate init(_ outcome: TaskOutcome) {
        switch outcome {
        case .done: self = .done
        case .refused(let reason): self = .refused(reason)
        case .cancelled: self = .sourceGone
        }
    }
}
