import TernCore
import TernLifecycle
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Does what was decided of a version, if it still stands as it was when it was decided; `false` if not.
    ///
    /// Every commit requires the bucket's epoch, and with it the rules and the versioning, and the very record that was
    /// judged. None plans replication (live-replication rules L-31, L-34, L-58).
    func carryOut(
        _ decision: LifecycleDecision, on version: ListedVersion, in bucket: BucketState
    ) async throws(S3Error) -> Bool {
        switch decision.action {
        case .keep: true
        case .remove: try await self.remove(version, from: bucket)
        case .addDeleteMarker: try await self.addDeleteMarker(to: version, in: bucket)
        case .transition(let storageClass): try await self.transition(version, to: storageClass, in: bucket)
        }
    }

    /// The version as it is stored, if it is the one that was judged.
    private func unchanged(_ version: ListedVersion, in bucket: BucketState) async throws(S3Error) -> StoredVersion? {
        let stored = try await self.version(identity: version.record.versionID, of: version.key, in: bucket)
        guard let stored, stored.isLatest == version.isLatest, stored.record == version.record else { return nil }
        return stored
    }

    private func remove(_ version: ListedVersion, from bucket: BucketState) async throws(S3Error) -> Bool {
        guard let head = try await self.head(version.key, in: bucket),
            let stored = try await self.unchanged(version, in: bucket)
        else { return false }
        var batch = MetadataBatch(partition: bucket.partition)
        batch.require(Keyspace.epoch, is: bucket.epochValue)
        batch.require(head.row, is: head.value)
        batch.require(stored.row, is: stored.value)
        batch.delete(stored.row)
        if stored.isLatest {
            // An expired marker must not uncover a version that came under it by replication. One that comes later than
            // this look changes the head's row.
            let below = try await self.metadata.entries(
                KeyRange(prefix: Keyspace.noncurrentPrefix(version.key)), in: bucket.partition, limit: 1)
            guard below.isEmpty else { return false }
            try await self.noteRemoval(
                of: stored.record, leaving: nil, of: version.key, in: bucket.partition, batch: &batch)
        } else if stored.record.isNull {
            batch.delete(Keyspace.nullPointer(version.key))
        }
        if stored.record.isReplica { batch.put(Keyspace.tombstone(version.key, stored.record.versionID), []) }
        let orphans = try await self.removeBody(of: stored.record, from: &batch)
        let events = try self.addRemovalEvent(
            of: stored.record, key: version.key, in: bucket, cause: .lifecycle, to: &batch)
        guard try await self.tryCommit(batch, and: events, to: bucket) else { return false }
        await self.deleteBlobs(orphans, in: bucket.partition)
        return true
    }

    private func addDeleteMarker(to version: ListedVersion, in bucket: BucketState) async throws(S3Error) -> Bool {
        var marker = VersionRecord()
        marker.isDeleteMarker = true
        marker.isOfLifecycle = true
        do {
            _ = try await self.writeVersion(
                of: version.key, in: bucket, template: marker, requested: self.clock.now, origin: .lifecycle,
                cause: .lifecycle,
                check: { head throws(S3Error) in
                    guard let head, head.record == version.record else { throw .operationAborted }
                },
                addBody: { _, batch throws(S3Error) in
                    // Under another configuration the decision has to be made anew.
                    batch.require(Keyspace.epoch, is: bucket.epochValue)
                },
                conflict: { () async throws(S3Error) in
                    let now = try await self.registry.state(bucket.name)
                    guard now.epochValue == bucket.epochValue else { throw .operationAborted }
                }
            )
            return true
        } catch  where error.code == S3Error.operationAborted.code {
            return false
        }
    }

    /// LC-10: nothing but the class changes, and with it the storage pool of the body.
    ///
    /// The blobs that the version had before are left to the collector, so that whoever reads them reads on.
    private func transition(
        _ version: ListedVersion, to storageClass: StorageClass, in bucket: BucketState
    ) async throws(S3Error) -> Bool {
        guard let stored = try await self.unchanged(version, in: bucket) else { return false }
        var record = stored.record
        record.storageClass = storageClass.rawValue
        record.clearRestore()
        var batch = MetadataBatch(partition: bucket.partition)
        batch.require(Keyspace.epoch, is: bucket.epochValue)
        batch.require(stored.row, is: stored.value)
        guard
            let blobs = try await self.moveBody(of: &record, to: self.pool(of: storageClass), batch: &batch)
        else { return false }
        batch.put(stored.row, try encodeRecord(record))
        let events = try self.addEvent(
            .lifecycleTransition, of: record, key: version.key, in: bucket, cause: .lifecycle,
            stamp: self.clock.stamp(), to: &batch
        ) { $0.storageClass = storageClass.rawValue }
        do {
            if try await self.tryCommit(batch, and: events, to: bucket) { return true }
        } catch {
            // As in `abandon`: after a failure of storage the commit may yet turn out to have happened.
            if error.status < 500 { await self.deleteBlobs(blobs, in: bucket.partition) }
            throw error
        }
        await self.deleteBlobs(blobs, in: bucket.partition)
        return false
    }

    /// Adds the move of a body to another storage pool to a batch. Returns the new blobs, none where the body is there
    /// already or has no blobs; `nil` when the body is gone.
    private func moveBody(
        of record: inout VersionRecord, to pool: String, batch: inout MetadataBatch
    ) async throws(S3Error) -> [BlobID]? {
        guard var layout = try await self.layout(of: record, in: batch.partition) else { return nil }
        let old = layout.segments.compactMap { segment -> BlobID? in
            guard case .blobID(let id) = segment.place, segment.pool != pool else { return nil }
            return BlobID(Array(id))
        }
        if old.isEmpty { return [] }
        let moved: (segments: [BodySegment], blobs: [BlobID])
        do {
            moved = try await self.cloneBlobs(
                of: layout.segments, from: batch.partition, to: batch.partition, pool: pool)
        } catch  where error.code == .notFound {
            return nil
        } catch {
            throw self.s3Error(error, during: "moving a body to another storage pool")
        }
        for segment in layout.segments {
            if case .blobID(let id) = segment.place, let blob = BlobID(Array(id)) {
                batch.delete(Keyspace.blobOwner(blob))
            }
        }
        for blob in moved.blobs { batch.put(Keyspace.blobOwner(blob), []) }
        layout.replaceSegments(by: moved.segments)
        if record.layoutRows > 0 {
            for row in try layout.rows(for: record.versionID) { batch.put(row.key, row.value) }
        } else if let segment = layout.segments.first {
            record.body = segment
        }
        return moved.blobs
    }
}
