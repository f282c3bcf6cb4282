import TernCore
import TernRecords
import TernReplication
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Rows that are looked at together.
    private static let deadlinePageRows = 200

    /// Tells of the operations whose threshold has passed while they wait (spec rules ), each once, also across
    /// restarts: the event and the change of the deadline's row are one commit. Called about once a second; costs next to
    /// nothing as long as no threshold passes.
    ///
    /// - Returns: How many have missed the threshold.
    @discardableResult
    package func missDeadlines() async throws(S3Error) -> Int {
        try await self.attainment.resolveMisses()
        let latest = self.clock.now + (.zero - self.options.replicationTimeThreshold)
        var count = 0
        var failure: S3Error?
        for (id, due) in self.outbox.deadlines.take(requestedBy: latest) {
            do throws(S3Error) {
                count += try await self.missDeadlines(ofBucket: due.bucket, id: id, requestedBy: latest)
            } catch {
                // They are still there, and are looked at again.
                self.outbox.deadlines.note(due.requested, bucket: due.bucket, id: id)
                failure = error
            }
        }
        if let failure { throw failure }
        return count
    }

    private func missDeadlines(
        ofBucket name: String, id: UInt64, requestedBy latest: Timestamp
    ) async throws(S3Error) -> Int {
        let lane = LaneID(sourceBucket: name, sourceBucketID: id, destinationBucket: "")
        var count = 0
        let passed = KeyRange(
            from: Keyspace.deadlinePrefix(.open),
            to: Keyspace.deadline(.open, requested: latest + .milliseconds(1), unique: 0))
        while true {
            guard let bucket = try await self.sourceBucket(of: lane) else { return count }
            let rows = try await self.metadata.entries(passed, in: bucket.partition, limit: Self.deadlinePageRows)
            if rows.isEmpty { break }
            if let missed = try await self.missDeadlines(rows, in: bucket) {
                count += missed
                continue
            }
            // Some were settled meanwhile; the others shall not wait for them.
            for row in rows { count += try await self.missDeadlines([row], in: bucket) ?? 0 }
        }
        let open = KeyRange(prefix: Keyspace.deadlinePrefix(.open))
        if let next = try await self.metadata.entries(open, in: lane.partition, limit: 1).first {
            let start = Keyspace.deadlinePrefix(.open).count
            let requested = UInt64(bigEndianBytes: next.key[start..<start + 8])
            self.outbox.deadlines.note(
                Timestamp(milliseconds: Int64(clamping: requested)), bucket: name, id: id)
        }
        return count
    }

    /// One commit; `nil` when one of the rows has changed.
    private func missDeadlines(_ rows: [KeyValue], in bucket: BucketState) async throws(S3Error) -> Int? {
        var batch = MetadataBatch(partition: bucket.partition)
        var events = AddedEvents()
        var missed: [MissedOperation] = []
        var reader = TaskReader(self.outbox.plans, in: bucket.partition)
        for row in rows {
            let task = try await reader.read(row.value)
            let version = try await self.version(
                identity: task.version.versionID, of: ObjectKey(trusted: Array(task.key)), in: bucket)?.record
            batch.require(row.key, is: row.value)
            batch.delete(row.key)
            let kind: ReplicationEvent.Kind
            if bucket.tracksTime(of: task) {
                let missedRow = Keyspace.deadline(.missed, sameAs: row.key)
                batch.put(missedRow, [])
                missed.append(MissedOperation(row: missedRow, bucketID: bucket.record.bucketID, task: task))
                kind = .missedThreshold
            } else {
                kind = .notTracked
            }
            events.append(
                try self.addReplicationEvent(
                    ReplicationEvent(kind, task: task, version: version), in: bucket, to: &batch))
        }
        try await self.attainment.missesBegan(missed)
        do {
            guard try await self.tryCommit(batch, and: events, to: bucket) else {
                self.attainment.missesRefused(missed)
                return nil
            }
        } catch {
            self.attainment.missesDoubted(missed, in: bucket.partition)
            throw error
        }
        self.attainment.missed(missed)
        return missed.count
    }

    /// Settles the deadline of a task under replication time, in the commit of its outcome (spec rules ): tells
    /// that it is done after all, if the threshold has passed. That it passed comes before, if nobody has told yet.
    ///
    /// - Parameter version: The version as it is now; `nil` if it is gone.
    func settleDeadline(
        of task: StoredTask, outcome: TaskOutcome, version: VersionRecord?, bucket: BucketState, now: Timestamp,
        in batch: inout MetadataBatch
    ) async throws(S3Error) -> (events: AddedEvents, wasMissed: Bool, isUntracked: Bool) {
        let requested = Timestamp(milliseconds: task.record.requestMs)
        let unique = UInt64(bigEndianBytes: task.row.suffix(8))
        var events = AddedEvents()
        let missed = Keyspace.deadline(.missed, requested: requested, unique: unique)
        let open = Keyspace.deadline(.open, requested: requested, unique: unique)
        var hasPassed = false
        var wasMissed = false
        var isUntracked = false
        if let value = try await self.metadata.value(missed, in: bucket.partition) {
            batch.require(missed, is: value)
            batch.delete(missed)
            self.attainment.missFound(missed)
            hasPassed = true
            wasMissed = true
        } else if let value = try await self.metadata.value(open, in: bucket.partition) {
            batch.require(open, is: value)
            batch.delete(open)
            hasPassed = bucket.tracksTime(of: task.record) && now - requested >= self.options.replicationTimeThreshold
            if hasPassed {
                events = try self.addReplicationEvent(
                    ReplicationEvent(.missedThreshold, task: task.record, version: version), in: bucket, to: &batch)
            }
        } else {
            // It was told not to be tracked any more, or somebody is moving it from open to missed at this moment.
            batch.require(missed, is: nil)
            batch.require(open, is: nil)
            isUntracked = true
        }
        if hasPassed, case .done = outcome {
            events.append(
                try self.addReplicationEvent(
                    ReplicationEvent(.replicatedAfterThreshold, task: task.record, version: version), in: bucket,
                    to: &batch))
        }
        return (events, wasMissed, isUntracked)
    }
}

extension BucketState {
    /// Whether the configuration still has the replication time under which a task was made.
    fileprivate func tracksTime(of task: TaskRecord) -> Bool {
        guard let rule = self.replication?.rule(id: task.ruleID) else { return false }
        return rule.hasReplicationTimeControl && rule.destination.bucket.description == task.destinationBucket
    }
}
