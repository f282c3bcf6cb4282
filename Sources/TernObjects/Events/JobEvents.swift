import FoundationEssentials
package import TernCore
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// Events of jobs of S3 Batch Operations. Their rows are in the directory's partition, where the jobs are, so that they are
/// written in the commits that they tell of; for the rest they are events like those of buckets.
extension ObjectService {
    /// The row that tells the EventBridge of a job; `nil` where there is no such target, or it takes nothing of the account.
    package func jobEvent(_ job: JobEventRecord, of account: AccountID) throws(S3Error) -> KeyValue? {
        let target = NotificationRules.eventBridgeTarget
        guard let accounts = self.options.eventTargets[target], accounts?.contains(account.description) ?? true else {
            return nil
        }
        let stamp = self.clock.stamp()
        var event = EventRecord()
        event.type = EventRecord.jobType
        event.target = target
        event.bucketOwner = account.description
        // The events of one job are sent in their order, as those of one object are.
        event.key = .init(Array(job.jobID.utf8))
        event.timeMs = stamp.milliseconds
        event.stamp = stamp.rawValue
        event.job = job
        return KeyValue(
            key: Keyspace.event(target: EventTargetHash(target), stamp: stamp, unique: self.clock.randomBits()),
            value: try encodeRecord(event))
    }

    /// To be called before ``addJobEvents(_:by:)``: keeps few the events of which nobody knows whether they were stored.
    package func makeRoomForEventDoubts() async throws(S3Error) { try await self.events.makeRoomForDoubts() }

    /// Counts rows of ``jobEvent(_:of:)`` that a commit stores, and wakes whoever sends them.
    ///
    /// - Parameter commit: `false` when a precondition did not hold. After an error its outcome is taken for unknown.
    package func addJobEvents<Failure>(
        _ rows: [KeyValue], by commit: () async throws(Failure) -> Bool
    ) async throws(Failure) -> Bool {
        var added = AddedEvents()
        for row in rows {
            added.events.append(AddedEvents.Added(target: NotificationRules.eventBridgeTarget, row: row.key))
        }
        self.events.began(added)
        do throws(Failure) {
            guard try await commit() else {
                self.events.ended(added)
                return false
            }
        } catch {
            self.events.doubted(added, in: .directory)
            throw error
        }
        self.events.ended(added)
        self.events.added(added, in: .directory)
        return true
    }
}

extension EventRecord {
    /// ``EventRecord/type`` of events of jobs.
    package static let jobType: UInt32 = 254

    /// What it tells of a job; `nil` for other events.
    package func jobEvent(region: RegionName) -> JobEvent? {
        guard self.hasJob else { return nil }
        return JobEvent(
            id: self.eventID, account: self.bucketOwner, region: region.description,
            time: Timestamp(milliseconds: self.timeMs), name: self.job.name, jobID: self.job.jobID,
            jobARN: self.job.jobArn, status: self.job.status, failureCodes: self.job.failureCodes,
            statusChangeReasons: self.job.statusChangeReasons, eventID: self.job.eventID,
            jobEventID: self.job.jobEventID)
    }
}
