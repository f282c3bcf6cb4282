import FoundationEssentials
import TernCore
package import TernRecords
package import TernS3Protocol
package import TernStorage

extension ObjectService {
    /// The events of a restore (RST-6): that it was asked for, now, and ahead of time, that the copy is there and that it
    /// is gone again. Nothing runs when those moments come; whoever sends the events looks whether they still will.
    func addRestoreEvents(
        of record: VersionRecord, before: VersionRecord, key: ObjectKey, in bucket: BucketState, cause: EventCause,
        to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        guard bucket.features.notifications != nil else { return AddedEvents() }
        let now = self.clock.now
        let status = before.restoreStatus(at: now)
        let storageClass = record.storageClassValue.rawValue
        let expires = record.restore.expiresMs
        func complete(_ event: inout EventRecord) {
            event.storageClass = storageClass
            event.restoreExpiresMs = expires
        }
        var added = AddedEvents()
        if status == nil {
            added = try self.addEvent(
                .objectRestorePost, of: record, key: key, in: bucket, cause: cause, stamp: self.clock.stamp(),
                to: &batch, complete: complete)
        }
        // What is told already has another time than before only if that is told anew.
        if record.restore.readyMs != before.restore.readyMs || status == nil {
            added.append(
                try self.addEvent(
                    .objectRestoreCompleted, of: record, key: key, in: bucket, cause: .server,
                    stamp: HybridTimestamp(milliseconds: record.restore.readyMs, counter: 0), to: &batch,
                    complete: complete))
        }
        if expires != before.restore.expiresMs || status == nil {
            added.append(
                try self.addEvent(
                    .objectRestoreDelete, of: record, key: key, in: bucket, cause: .lifecycle,
                    stamp: HybridTimestamp(milliseconds: expires, counter: 1), to: &batch, complete: complete))
        }
        return added
    }

    /// Whether what an event was made for ahead of time has come true. Any other event is true once it is made.
    package func isStillTrue(_ event: EventRecord, in partition: PartitionID) async throws(S3Error) -> Bool {
        guard let type = S3EventType(rawValue: UInt8(clamping: event.type)),
            type == .objectRestoreCompleted || type == .objectRestoreDelete
        else { return true }
        let bucket: BucketState
        do throws(S3Error) {
            bucket = try await self.registry.state(event.bucket)
        } catch  where error.code == "NoSuchBucket" {
            return false
        }
        guard bucket.partition == partition,
            let version = try await self.version(
                identity: event.version.versionID, of: ObjectKey(trusted: Array(event.key)), in: bucket),
            version.record.hasRestore, version.record.storageClassValue.isArchive
        else { return false }
        let restore = version.record.restore
        return event.timeMs == (type == .objectRestoreCompleted ? restore.readyMs : restore.expiresMs)
    }
}
