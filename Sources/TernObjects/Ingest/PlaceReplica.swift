import Logging
import TernCore
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

/// What placing a replica came to.
enum Placement: Sendable {
    /// In the version stack now.
    case placed
    /// Nothing was written, or only attributes: the bytes that were stored for it are not needed.
    case notNeeded(IngestResult)
}

/// What a look at the destination's rows says about one item.
private enum PlacementPlan {
    /// The batch now has all writes of the item.
    case write
    /// As ``write``, but of attributes only; with what they came to.
    case writeAttributes(IngestResult)
    case finished(IngestResult)
}

extension ObjectService {
    /// Puts replicas into the version stacks of their keys: all in one commit where they do not get in each other's way.
    ///
    /// The order is that of the version IDs, whatever the order of arrival (spec rule P-20), and a version that is there
    /// already stays as it is (P-21). Nothing here plans tasks (L-08, L-73).
    func place(_ replicas: [PreparedReplica], in bucket: BucketState) async throws(S3Error) -> [Placement] {
        var placements = [Placement?](repeating: nil, count: replicas.count)
        var waiting = Array(replicas.indices)
        while !waiting.isEmpty {
            // One commit can hold one change of each key's stack: others of the same key go with the next.
            var wave: [Int] = []
            var later: [Int] = []
            var keys: Set<ObjectKey> = []
            for index in waiting {
                if keys.insert(replicas[index].key).inserted { wave.append(index) } else { later.append(index) }
            }
            let results = try await self.placeTogether(wave.map { replicas[$0] }, in: bucket)
            for (index, result) in zip(wave, results) { placements[index] = result }
            waiting = later
        }
        return placements.map { $0 ?? .notNeeded(.retry("not placed")) }
    }

    /// Places replicas of different keys.
    private func placeTogether(_ replicas: [PreparedReplica], in bucket: BucketState) async throws(S3Error)
        -> [Placement]
    {
        if replicas.count > 1, let placements = try await self.tryPlace(replicas, in: bucket) { return placements }
        // Somebody writes one of the keys, or the bucket changed: each on its own, under the bucket as it is now.
        var placements: [Placement] = []
        for replica in replicas {
            placements.append(try await self.placeAlone(replica, named: bucket.name))
        }
        return placements
    }

    private func placeAlone(_ prepared: PreparedReplica, named name: String) async throws(S3Error) -> Placement {
        var replica = prepared
        for _ in 0..<Self.maximumCommitAttempts {
            switch try await self.destination(of: &replica.replica, stage: replica.stage) {
            case .refused(let result):
                return .notNeeded(result)
            case .open(let bucket):
                if let placement = try await self.tryPlace([replica], in: bucket)?.first { return placement }
                for row in replica.requirements
                where try await self.metadata.value(row.key, in: bucket.partition) != row.value {
                    return .notNeeded(.retry("the session changed"))
                }
                self.registry.refresh(name)
            }
        }
        throw .operationAborted
    }

    /// One attempt; `nil` when a precondition did not hold.
    private func tryPlace(_ replicas: [PreparedReplica], in bucket: BucketState) async throws(S3Error) -> [Placement]? {
        var batch = MetadataBatch(partition: bucket.partition)
        batch.require(Keyspace.epoch, is: bucket.epochValue)
        var placements: [Placement] = []
        var events = AddedEvents()
        for replica in replicas {
            switch try await self.plan(replica, in: bucket, batch: &batch, events: &events) {
            case .write: placements.append(.placed)
            case .writeAttributes(let result): placements.append(.notNeeded(result))
            case .finished(let result): placements.append(.notNeeded(result))
            }
        }
        if batch.writes.isEmpty { return placements }
        return try await self.tryCommit(batch, and: events, to: bucket) ? placements : nil
    }

    /// Adds what a replica needs to the batch, or says why it needs nothing.
    private func plan(
        _ replica: PreparedReplica,
        in bucket: BucketState,
        batch: inout MetadataBatch,
        events: inout AddedEvents
    ) async throws(S3Error) -> PlacementPlan {
        if replica.replica.kind.isOfAttributes {
            return try await self.planAttributes(replica, in: bucket, batch: &batch, events: &events)
        }
        let key = replica.key
        let tombstone = Keyspace.tombstone(key, replica.id)
        if try await self.metadata.value(tombstone, in: bucket.partition) != nil {
            return .finished(.refused("DstObjectHardDeleted", "the replica was deleted by its version ID"))
        }
        let head = try await self.head(key, in: bucket)
        if let head, head.record.versionID == replica.id {
            return try await self.planKnown(replica, known: head, in: bucket, batch: &batch, events: &events)
        }
        let row = Keyspace.noncurrent(key, replica.id)
        let isNewest = head.map { $0.record.versionID < replica.id } ?? true
        if !isNewest, let value = try await self.metadata.value(row, in: bucket.partition) {
            let known = StoredVersion(
                key: key, record: try decodeRecord(value), isLatest: false, row: row, value: value)
            return try await self.planKnown(replica, known: known, in: bucket, batch: &batch, events: &events)
        }

        if replica.replica.wasDelivered {
            // BR-RR-4: the tombstone is gone with an earlier bucket of this name.
            return .finished(.refused("DstObjectHardDeleted", "the destination had the version, and has it no more"))
        }
        guard replica.hasBody else { return .finished(.retry("the version was removed while it was looked at")) }
        let record = replica.record(in: bucket, at: self.clock.now)
        let value = try encodeRecord(record)
        batch.require(tombstone, is: nil)
        batch.require(Keyspace.head(key), is: head?.value)
        if isNewest {
            if let head {
                batch.put(Keyspace.noncurrent(key, head.record.versionID), head.value)
                if head.record.isNull { batch.put(Keyspace.nullPointer(key), head.record.versionID.newestFirstBytes) }
            }
            batch.put(Keyspace.head(key), value)
        } else {
            batch.require(row, is: nil)
            batch.put(row, value)
            // Whoever deletes the head at this moment has already looked which version comes after it.
            if var touched = head?.record {
                touched.stackRevision &+= 1
                batch.put(Keyspace.head(key), try encodeRecord(touched))
            }
        }
        replica.addBody(to: &batch)
        if bucket.features.notifications != nil {
            events.append(
                try self.addCreationEvent(
                    of: record, key: key, in: bucket, cause: await self.eventCause(of: replica.replica), to: &batch))
        }
        return .write
    }

    /// The version is there already: it must be the same, and may get newer attributes.
    private func planKnown(
        _ replica: PreparedReplica,
        known: StoredVersion,
        in bucket: BucketState,
        batch: inout MetadataBatch,
        events: inout AddedEvents
    ) async throws(S3Error) -> PlacementPlan {
        let ours = known.record
        let theirs = replica.replica.version
        guard ours.isDeleteMarker == theirs.isDeleteMarker, ours.byteCount == theirs.byteCount,
            ours.etagMd5 == theirs.etagMd5, ours.etagPartCount == theirs.etagPartCount,
            ours.checksum.digest == theirs.checksum.digest
        else {
            self.logger.error("a replica has the ID of another version", metadata: ["version": "\(replica.id)"])
            return .finished(.retry("another version has this ID"))
        }
        // The bytes are there, which is what this task is about. A retention that was refused has a task of its own.
        let merge = try await self.addNewerAttributes(
            of: replica, to: known, in: bucket, batch: &batch, events: &events)
        for row in replica.removals { batch.delete(row) }
        return merge.isChanged ? .writeAttributes(.done) : .finished(.done)
    }

    private func planAttributes(
        _ replica: PreparedReplica,
        in bucket: BucketState,
        batch: inout MetadataBatch,
        events: inout AddedEvents
    ) async throws(S3Error) -> PlacementPlan {
        guard let known = try await self.version(identity: replica.id, of: replica.key, in: bucket),
            !known.record.isDeleteMarker
        else { return .finished(try await self.missingVersion(of: replica, in: bucket)) }
        let merge = try await self.addNewerAttributes(
            of: replica, to: known, in: bucket, batch: &batch, events: &events)
        var result = IngestResult.done
        if merge.isRetentionRefused {
            result = .refused("DstPutRetentionNotPermitted", "the replica's retention is never weakened")
        }
        return merge.isChanged ? .writeAttributes(result) : .finished(result)
    }

    /// The answer to a change of a version that is not here. One that another region made may still be on its way from
    /// there, unless it was deleted here, or made in this region; one that the sender made itself was delivered before.
    private func missingVersion(
        of replica: PreparedReplica, in bucket: BucketState
    ) async throws(S3Error) -> IngestResult {
        let reason = "DstVersionNotFound"
        if replica.replica.isOfReplica, replica.id.origin != self.region.tag,
            try await self.metadata.value(Keyspace.tombstone(replica.key, replica.id), in: bucket.partition) == nil
        {
            var result = IngestResult.retry("the version has not arrived from its own region yet")
            result.reason = reason
            return result
        }
        return .refused(reason, "the version is not in the destination")
    }

    /// Adds newer attributes to the batch.
    private func addNewerAttributes(
        of replica: PreparedReplica,
        to known: StoredVersion,
        in bucket: BucketState,
        batch: inout MetadataBatch,
        events: inout AddedEvents
    ) async throws(S3Error) -> AttributeMerge {
        let merge = AttributeMerge(
            replica.replica.version, into: known.record, takesACL: replica.takesACL(in: bucket), at: self.clock.now)
        if merge.isChanged {
            batch.require(known.row, is: known.value)
            batch.put(known.row, try encodeRecord(merge.record))
            if bucket.features.notifications != nil {
                let cause = await self.eventCause(of: replica.replica)
                // of what is another now.
                if merge.record.tags != known.record.tags {
                    events.append(
                        try self.addAttributeEvent(
                            of: .tags, in: merge.record, before: known.record, key: replica.key, bucket: bucket,
                            cause: cause, stamp: self.clock.stamp(), to: &batch))
                }
                events.append(
                    try self.addAttributeEvent(
                        of: .acl, in: merge.record, before: known.record, key: replica.key, bucket: bucket,
                        cause: cause, stamp: self.clock.stamp(), to: &batch))
            }
        }
        return merge
    }
}

extension ObjectService {
    /// Brings a version that is there already up to date, as far as a replica may: its attributes.
    func refreshReplica(_ replica: ReplicaRecord, removing rows: [[UInt8]] = []) async -> IngestResult {
        var prepared = PreparedReplica(replica: replica, key: ObjectKey(trusted: Array(replica.key)))
        prepared.hasBody = false
        prepared.removals = rows
        do {
            switch try await self.placeAlone(prepared, named: replica.destinationBucket) {
            case .notNeeded(let result): return result
            case .placed: return .done
            }
        } catch {
            return Self.retry(error)
        }
    }
}

extension ObjectService {
    /// what a replica's events say of their cause is the session of the rule's role.
    private func eventCause(of replica: ReplicaRecord) async -> EventCause {
        let session = await self.permissions?.session(ofRole: replica.role)
        return EventCause(.replication, by: KnownEventOrigin(EventRequester(principal: session)))
    }
}
