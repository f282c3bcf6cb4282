package import TernCore
import TernLifecycle
import TernRecords
package import TernS3Protocol
import TernStorage

/// What RestoreObject came to.
package enum RestoreOutcome: Hashable, Sendable {
    /// A restore began, or became faster: 202.
    case accepted
    /// The copy was there; it stays longer now: 200.
    case extended
}

extension ObjectService {
    /// RestoreObject: asks for a temporary copy of an archived version. `nil` if there is no such version.
    ///
    /// The commit changes nothing but the state of the restore, and plans no replication (RST-6).
    ///
    /// Source: Amazon S3 API Reference, RestoreObject; spec rules RST-2 to RST-5.
    package func restore(
        _ reference: VersionReference?,
        of key: ObjectKey,
        in bucketName: String,
        request: RestoreRequestXML,
        cause: EventCause = .server
    ) async throws(S3Error) -> RestoreOutcome? {
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            guard let version = try await self.find(reference, of: key, in: bucket), !version.record.isDeleteMarker
            else { return nil }
            var record = version.record
            let outcome = try self.restore(&record, request)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(version.row, is: version.value)
            batch.put(version.row, try encodeRecord(record))
            let events = try self.addRestoreEvents(
                of: record, before: version.record, key: key, in: bucket, cause: cause, to: &batch)
            if try await self.tryCommit(batch, and: events, to: bucket) { return outcome }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }

    private func restore(_ record: inout VersionRecord, _ request: RestoreRequestXML) throws(S3Error) -> RestoreOutcome
    {
        let storageClass = record.storageClassValue
        guard storageClass.isArchive else { throw .restoreNotAllowed(storageClass: storageClass.rawValue) }
        guard let days = request.days else { throw .malformedXML }
        if storageClass == .deepArchive, request.tier == .expedited { throw .retrievalOptionNotSupported }
        let now = self.clock.now
        let ready = now.milliseconds + self.options.restoreDelays.milliseconds(request.tier)
        switch record.restoreStatus(at: now) {
        case .available?:
            record.restore.days = UInt32(clamping: days)
            record.restore.expiresMs = self.options.calendar.due(now, days: days).milliseconds
            return .extended
        case .inProgress?:
            guard let present = RestoreTier(rawValue: record.restore.tier), request.tier < present else {
                throw .restoreAlreadyInProgress
            }
            record.restore.tier = request.tier.rawValue
            record.restore.readyMs = min(record.restore.readyMs, ready)
            return .accepted
        case nil:
            var restore = RestoreState()
            restore.requestedMs = now.milliseconds
            restore.readyMs = ready
            restore.expiresMs = self.options.calendar.due(now, days: days).milliseconds
            restore.tier = request.tier.rawValue
            restore.days = UInt32(clamping: days)
            record.restore = restore
            return .accepted
        }
    }
}
