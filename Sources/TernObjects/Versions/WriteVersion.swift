import TernCore
package import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

/// A version that was written.
package struct WrittenVersion: Sendable {
    package var record: VersionRecord
    package var bucket: BucketState
}

extension ObjectService {
    /// Creates a version, or delete marker, as the current one of its key: one commit, its replication tasks included.
    ///
    /// `template` is what the version is apart from its identity; `addBody` adds the rows of its body, under the
    /// version's ID, and may complete the record; it is called anew for every attempt.
    func writeVersion(
        of key: ObjectKey,
        in target: BucketState,
        template: @autoclosure () -> VersionRecord,
        condition: WriteCondition = .none,
        requested: Timestamp,
        lastModified: Timestamp? = nil,
        origin: VersionChange.Origin = .client,
        cause: EventCause,
        check: ((StoredVersion?) throws(S3Error) -> Void)? = nil,
        addBody: (inout VersionRecord, inout MetadataBatch) throws(S3Error) -> Void,
        conflict: (() async throws(S3Error) -> Void)? = nil
    ) async throws(S3Error) -> WrittenVersion {
        for _ in 0..<Self.maximumCommitAttempts {
            // The bucket as it is now; one of the same name that was created anew is another bucket.
            let bucket = try await self.registry.state(target.name)
            guard bucket.partition == target.partition else { throw .noSuchBucket(target.name) }
            let head = try await self.head(key, in: bucket)
            try condition.evaluate(currentETag: head?.liveETag, key: key)
            try check?(head)

            // Made anew, rather than kept and copied.
            var record = template()
            let floor = head?.record.versionID.stamp ?? .zero
            let id = self.clock.versionID(after: floor)
            record.id = VersionIdentity(id)
            record.isNull = bucket.versioning != .enabled
            record.lastModifiedMs = (lastModified ?? Timestamp(milliseconds: id.stamp.milliseconds)).milliseconds
            if bucket.ownership == .bucketOwnerEnforced {
                record.owner = bucket.record.owner
                record.clearAcl()
            } else if record.owner.isEmpty {
                record.owner = bucket.record.owner
            }
            if let retention = bucket.objectLock?.defaultRetention, record.retentionMode.isEmpty, !record.isDeleteMarker
            {
                record.retention = retention.retention(from: record.lastModified)
            }
            record.stampAttributes(id.stamp.rawValue)

            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(Keyspace.head(key), is: head?.value)
            let orphans = try await self.makeRoom(for: record, over: head, key: key, bucket: bucket, batch: &batch)
            try addBody(&record, &batch)

            let deliveries = self.planCreation(
                of: record, key: key, in: bucket, origin: origin, requested: requested)
            record.destinations = []
            let value = try encodeRecord(record) + deliveries.encodedStates
            record.destinations = deliveries.states
            self.put(deliveries.tasks, in: &batch)
            let events = try self.addCreationEvent(of: record, key: key, in: bucket, cause: cause, to: &batch)
            batch.put(Keyspace.head(key), value)

            if try await self.tryCommit(batch, adding: deliveries.tasks, and: events, to: bucket) {
                await self.deleteBlobs(orphans, in: bucket.partition)
                return WrittenVersion(record: record, bucket: bucket)
            }
            self.registry.refresh(target.name)
            try await conflict?()
        }
        throw .operationAborted
    }

    /// Moves the present head out of the way of a new one: into the noncurrent versions, or, where the new version is a
    /// null version and so was an older one, out of existence. Returns the blobs to delete after the commit.
    private func makeRoom(
        for record: VersionRecord,
        over head: StoredVersion?,
        key: ObjectKey,
        bucket: BucketState,
        batch: inout MetadataBatch
    ) async throws(S3Error) -> [BlobID] {
        guard let head else { return [] }
        if record.isNull, head.record.isNull {
            return try await self.removeBody(of: head.record, from: &batch)
        }
        batch.put(Keyspace.noncurrent(key, head.record.versionID), head.value)
        if head.record.isNull {
            batch.put(Keyspace.nullPointer(key), head.record.versionID.newestFirstBytes)
        }
        guard record.isNull else { return [] }
        return try await self.removeNoncurrentNull(of: key, bucket: bucket, batch: &batch)
    }

    /// Removes the null version from among the noncurrent ones, if it is there.
    private func removeNoncurrentNull(
        of key: ObjectKey,
        bucket: BucketState,
        batch: inout MetadataBatch
    ) async throws(S3Error) -> [BlobID] {
        guard let pointer = try await self.metadata.value(Keyspace.nullPointer(key), in: bucket.partition),
            let id = VersionID(newestFirstBytes: pointer[...])
        else { return [] }
        batch.require(Keyspace.nullPointer(key), is: pointer)
        batch.delete(Keyspace.nullPointer(key))
        let row = Keyspace.noncurrent(key, id)
        guard let value = try await self.metadata.value(row, in: bucket.partition) else { return [] }
        let old: VersionRecord = try decodeRecord(value)
        // Lifecycle may be moving its body: what is removed here has to be what it has by then.
        batch.require(row, is: value)
        batch.delete(row)
        return try await self.removeBody(of: old, from: &batch)
    }
}
