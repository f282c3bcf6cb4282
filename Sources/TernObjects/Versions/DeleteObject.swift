package import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// What a delete did.
package struct DeletedVersion: Sendable, Hashable {
    /// The version that the answer names: the one removed, or the marker made. `nil` in a never-versioned bucket.
    package var version: VersionReference?
    /// Whether a delete marker was made or removed.
    package var isDeleteMarker: Bool
}

extension ObjectService {
    /// DeleteObject without a version ID: removes the object, or puts a delete marker on it (spec rule VER-14).
    ///
    /// With a condition and nothing to protect, no marker is written (CND-6).
    ///
    /// - Parameter owner: The account that owns the marker where the bucket's owner does not own all: who deletes (Amazon
    ///   S3 API Reference, DeleteMarkerEntry). `nil` is the bucket's owner.
    package func deleteCurrent(
        _ key: ObjectKey,
        in bucketName: String,
        condition: DeleteCondition,
        owner: AccountID? = nil,
        cause: EventCause = .server
    ) async throws(S3Error) -> DeletedVersion {
        let requested = self.clock.now
        let bucket = try await self.registry.state(bucketName)
        if condition != .none {
            let head = try await self.head(key, in: bucket)
            guard try condition.evaluate(currentETag: head?.liveETag) else {
                return DeletedVersion(version: nil, isDeleteMarker: false)
            }
        }
        if bucket.versioning == .never {
            return try await self.removeUnversioned(
                key, in: bucket, condition: condition, owner: owner, cause: cause)
        }
        var marker = VersionRecord()
        marker.isDeleteMarker = true
        if let owner { marker.owner = owner.description }
        do throws(S3Error) {
            let written = try await self.writeVersion(
                of: key, in: bucket, template: marker, requested: requested, cause: cause,
                check: { head throws(S3Error) in
                    guard try condition.evaluate(currentETag: head?.liveETag) else { throw Self.nothingToDelete }
                },
                addBody: { _, _ throws(S3Error) in }
            )
            return DeletedVersion(version: written.record.reference, isDeleteMarker: true)
        } catch  where error == Self.nothingToDelete {
            return DeletedVersion(version: nil, isDeleteMarker: false)
        }
    }

    /// Another delete came first, so that the condition protects nothing any more. Never seen outside of this file.
    private static let nothingToDelete = S3Error(code: "NothingToDelete", status: 204, message: "")

    private func removeUnversioned(
        _ key: ObjectKey,
        in target: BucketState,
        condition: DeleteCondition,
        owner: AccountID?,
        cause: EventCause
    ) async throws(S3Error) -> DeletedVersion {
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(target.name)
            guard bucket.versioning == .never else {
                return try await self.deleteCurrent(
                    key, in: target.name, condition: condition, owner: owner, cause: cause)
            }
            guard let head = try await self.head(key, in: bucket) else {
                return DeletedVersion(version: nil, isDeleteMarker: false)
            }
            _ = try condition.evaluate(currentETag: head.liveETag)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(head.row, is: head.value)
            batch.delete(head.row)
            try await self.noteRemoval(
                of: head.record, leaving: nil, of: key, in: bucket.partition, batch: &batch)
            let orphans = try await self.removeBody(of: head.record, from: &batch)
            let events = try self.addRemovalEvent(of: head.record, key: key, in: bucket, cause: cause, to: &batch)
            if try await self.tryCommit(batch, and: events, to: bucket) {
                await self.deleteBlobs(orphans, in: bucket.partition)
                return DeletedVersion(version: nil, isDeleteMarker: false)
            }
            self.registry.refresh(target.name)
        }
        throw .operationAborted
    }

    /// DeleteObject with a version ID: removes exactly that version, for good (spec rule VER-15).
    ///
    /// A replica leaves a tombstone behind, so that no retry of its delivery brings it back (`DstObjectHardDeleted`).
    ///
    /// - Parameter bypassesGovernance: Whether the request goes past a retention in governance mode, and its sender may.
    /// - Throws: `AccessDenied` for a version that Object Lock protects (LCK-8).
    package func deleteVersion(
        _ reference: VersionReference,
        of key: ObjectKey,
        in bucketName: String,
        condition: DeleteCondition,
        bypassesGovernance: Bool = false,
        cause: EventCause = .server
    ) async throws(S3Error) -> DeletedVersion {
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(bucketName)
            let head = try await self.head(key, in: bucket)
            if condition != .none { _ = try condition.evaluate(currentETag: head?.liveETag) }
            guard let version = try await self.version(reference, of: key, in: bucket) else {
                return DeletedVersion(version: reference, isDeleteMarker: false)
            }
            // The version moved since the head was read: look again.
            guard let head, !version.isLatest || version.value == head.value else { continue }
            // The commit requires this very record, so that no lock set meanwhile is passed over.
            if version.record.isProtected(at: self.clock.now, bypassingGovernance: bypassesGovernance) {
                throw .protectedByObjectLock
            }

            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(head.row, is: head.value)
            batch.require(version.row, is: version.value)
            batch.delete(version.row)
            if version.isLatest {
                let next = try await self.promoteNewest(of: key, in: bucket, batch: &batch)
                try await self.noteRemoval(
                    of: version.record, leaving: next, of: key, in: bucket.partition, batch: &batch)
            } else if version.record.isNull {
                batch.delete(Keyspace.nullPointer(key))
            }
            if version.record.isReplica {
                batch.put(Keyspace.tombstone(key, version.record.versionID), [])
            }
            let orphans = try await self.removeBody(of: version.record, from: &batch)
            let events = try self.addRemovalEvent(of: version.record, key: key, in: bucket, cause: cause, to: &batch)
            if try await self.tryCommit(batch, and: events, to: bucket) {
                await self.deleteBlobs(orphans, in: bucket.partition)
                return DeletedVersion(version: reference, isDeleteMarker: version.record.isDeleteMarker)
            }
            self.registry.refresh(bucketName)
        }
        throw .operationAborted
    }

    /// Makes the newest noncurrent version of the key its head, in the commit that removes the present head. Returns it.
    private func promoteNewest(of key: ObjectKey, in bucket: BucketState, batch: inout MetadataBatch)
        async throws(S3Error) -> VersionRecord?
    {
        let prefix = Keyspace.noncurrentPrefix(key)
        let newest = try await self.metadata.entries(KeyRange(prefix: prefix), in: bucket.partition, limit: 1)
        guard let next = newest.first else { return nil }
        let record: VersionRecord = try decodeRecord(next.value)
        batch.require(next.key, is: next.value)
        batch.delete(next.key)
        batch.put(Keyspace.head(key), next.value)
        if record.isNull { batch.delete(Keyspace.nullPointer(key)) }
        return record
    }
}

extension StoredVersion {
    /// The ETag that conditions compare with: none for a delete marker.
    var liveETag: String? { self.record.isDeleteMarker ? nil : self.record.etag }
}
