import FoundationEssentials
import Logging
import NIOCore
import TernChecksums
package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol
import TernStorage

/// A session as it stands in the store.
struct StoredIngestSession {
    var row: [UInt8]
    var value: [UInt8]
    var record: IngestSessionRecord

    /// Whether it is about the same bytes.
    func isAbout(_ replica: ReplicaRecord) -> Bool {
        let ours = self.record.replica
        return ours.key == replica.key && ours.version.byteCount == replica.version.byteCount
            && ours.version.etagMd5 == replica.version.etagMd5 && ours.parts == replica.parts
            && ours.sealedSegments == replica.sealedSegments
    }
}

extension ObjectService {
    /// How long a session waits for its next segment.
    static let ingestSessionLifetimeMilliseconds: Int64 = 24 * 3600 * 1000

    /// Opens, or finds again, the session for a large replica, and says which segments have arrived.
    package func beginIngest(_ replica: ReplicaRecord) async -> IngestProgress {
        let progress: IngestProgress
        do {
            progress = try await self.begin(replica)
        } catch {
            return IngestProgress(result: Self.retry(error))
        }
        if progress.result.code != .done { await self.noteAccess(replica, progress.result) }
        return progress
    }

    /// Takes one segment: its bytes, with the CRC64NVME of all so far in 8 bytes, big-endian, behind each block and behind
    /// the last byte.
    package func ingestSegment(_ segment: SegmentAddress, body: any HTTPBodySource) async -> IngestResult {
        do {
            return try await self.take(segment, body: body)
        } catch {
            return Self.retry(error)
        }
    }

    /// Makes a large replica visible: one commit, after all its segments were found to make up the whole.
    package func commitIngest(_ replica: ReplicaRecord) async -> IngestResult {
        let result: IngestResult
        do {
            result = try await self.finish(replica)
        } catch {
            return Self.retry(error)
        }
        await self.noteAccess(replica, result)
        return result
    }

    /// Ends a session and frees what has arrived.
    package func abortIngest(version: VersionID, in bucketName: String) async throws(S3Error) {
        let bucket = try await self.registry.state(bucketName)
        guard let session = try await self.ingestSession(version, in: bucket.partition) else { return }
        _ = try await self.remove(session, version: version, in: bucket.partition)
    }

    /// Ends the sessions of a bucket that have made no progress for a day. Returns how many.
    package func collectStaleIngests(in bucket: BucketState) async throws(S3Error) -> Int {
        var count = 0
        let deadline = self.clock.now.milliseconds - Self.ingestSessionLifetimeMilliseconds
        var range = Keyspace.table(.ingestSession)
        while true {
            let rows = try await self.metadata.entries(range, in: bucket.partition, limit: 100)
            for row in rows {
                let record: IngestSessionRecord = try decodeRecord(row.value)
                guard record.startedMs <= deadline else { continue }
                let session = StoredIngestSession(row: row.key, value: row.value, record: record)
                let isRemoved = try await self.remove(
                    session, version: record.replica.version.versionID, in: bucket.partition)
                if isRemoved { count += 1 }
            }
            guard rows.count == 100, let last = rows.last else { return count }
            range.lower = last.key + [0]
        }
    }

    // MARK: Begin

    private func begin(_ sent: ReplicaRecord) async throws(S3Error) -> IngestProgress {
        var replica = sent
        if let problem = self.problem(ofIdentity: replica) ?? Self.problem(ofSizesIn: replica) {
            return IngestProgress(result: problem)
        }
        let id = replica.version.versionID
        let key = ObjectKey(trusted: Array(replica.key))
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket: BucketState
            switch try await self.destination(of: &replica) {
            case .refused(let result): return IngestProgress(result: result)
            case .open(let state): bucket = state
            }
            if try await self.metadata.value(Keyspace.tombstone(key, id), in: bucket.partition) != nil {
                return IngestProgress(
                    result: .refused("DstObjectHardDeleted", "the replica was deleted by its version ID"))
            }
            if try await self.version(identity: id, of: key, in: bucket) != nil {
                return IngestProgress(result: await self.refreshReplica(replica).noting(replica), isComplete: true)
            }
            if replica.wasDelivered {
                // As in placing: what the destination had once is not brought again (BR-RR-4).
                return IngestProgress(
                    result: .refused("DstObjectHardDeleted", "the destination had the version, and has it no more"))
            }
            if let session = try await self.ingestSession(id, in: bucket.partition) {
                if session.isAbout(replica) {
                    // From now on no segment that breaks off keeps a part of itself which this attempt does not know of.
                    var renewed = session.record
                    renewed.startedMs = self.clock.now.milliseconds
                    var batch = MetadataBatch(partition: bucket.partition)
                    batch.require(session.row, is: session.value)
                    batch.put(session.row, try encodeRecord(renewed))
                    guard try await self.metadata.tryCommit(batch) else { continue }
                    let segments = try await self.arrivedSegments(of: id, in: bucket.partition)
                    return IngestProgress(
                        result: .done,
                        arrived: segments.map {
                            $0.record.offset..<$0.record.offset + max($0.record.segment.byteCount, 0)
                        })
                }
                _ = try await self.remove(session, version: id, in: bucket.partition)
                continue
            }
            var record = IngestSessionRecord()
            record.replica = replica
            switch try await self.encryption(of: replica, in: bucket) {
            case .refused(let result): return IngestProgress(result: result)
            case .use(let encryption):
                if let description = encryption.record { record.encryption = description }
                if let cipher = encryption.cipher {
                    guard let sealed = self.encryption.sealWorkingKeys(cipher.keyBytes) else {
                        return IngestProgress(result: .retry("this region has no root key"))
                    }
                    record.sealedWorkingKeys = sealed
                }
            }
            record.startedMs = self.clock.now.milliseconds
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(Keyspace.ingestSession(id), is: nil)
            batch.put(Keyspace.ingestSession(id), try encodeRecord(record))
            if try await self.metadata.tryCommit(batch) { return IngestProgress(result: .done) }
            self.registry.refresh(bucket.name)
        }
        throw .operationAborted
    }

    private static func problem(ofSizesIn replica: ReplicaRecord) -> IngestResult? {
        let sizes = replica.parts.map(\.byteCount)
        guard replica.kind == .object, replica.version.byteCount >= 0, sizes.allSatisfy({ $0 >= 0 }),
            sizes.isEmpty || sizes.reduce(0, &+) == replica.version.byteCount,
            replica.sealedSegments.allSatisfy({ $0.byteCount >= 0 && $0.byteCount <= replica.version.byteCount }),
            !replica.version.travelsSealed
                || StoredStretches(replica.sealedSegments).plainByteCount == replica.version.byteCount
        else { return .retry("the parts do not make up the object") }
        return nil
    }

    func ingestSession(_ id: VersionID, in partition: PartitionID) async throws(S3Error) -> StoredIngestSession? {
        let row = Keyspace.ingestSession(id)
        guard let value = try await self.metadata.value(row, in: partition) else { return nil }
        return StoredIngestSession(row: row, value: value, record: try decodeRecord(value))
    }

    // MARK: Segments

    /// How stale the session's time of progress may get before a segment renews it. Renewing it with every segment would
    /// make segments that arrive at once get in each other's way.
    private static let progressGrainMilliseconds: Int64 = 3600 * 1000

    private func take(_ address: SegmentAddress, body: any HTTPBodySource) async throws(S3Error) -> IngestResult {
        let bucket = try await self.registry.state(address.destinationBucket)
        guard let session = try await self.ingestSession(address.version, in: bucket.partition) else {
            return .retry("the session has ended")
        }
        guard let algorithm = Self.ownAlgorithm(of: address, in: session.record.replica) else {
            return .retry("the segment is not within one part, or too large")
        }
        // Permission may end while parts are under way.
        var replica = session.record.replica
        if case .refused(let result) = try await self.destination(of: &replica, stage: .part) { return result }
        let row = Keyspace.ingestSegment(address.version, offset: address.offset)
        if let value = try await self.metadata.value(row, in: bucket.partition) {
            return try Self.result(of: address, arrivedAs: value)
        }

        guard let form = self.form(of: address, in: session.record) else {
            return .retry("the segment is not as the session needs it, or its keys cannot be opened")
        }
        let received = try await self.receiveSegment(
            body, byteCount: form.arrivingByteCount, blockBytes: address.blockBytes, sealing: form.sealing,
            own: algorithm.checksum, pool: self.pool(of: session.record.replica), into: bucket.partition)
        let stored: ReceivedSegment
        switch received {
        case .damaged(let problem): return .retry(problem)
        case .begun(let segment, let byteCount, let problem):
            try await self.keep(
                segment, byteCount: byteCount, of: address, form: form.segment, session: session, in: bucket)
            return .retry(problem)
        case .stored(let segment): stored = segment
        }
        let isCommitted = try await self.commitSegment(
            address, stored, segment: form.segment, row: row, in: bucket)
        if !isCommitted, let blob = stored.blob { await self.deleteBlobs([blob], in: bucket.partition) }
        if isCommitted { return .done }
        // Either the same segment arrived twice at once, or the session is over.
        guard let value = try await self.metadata.value(row, in: bucket.partition) else {
            return .retry("the session has ended")
        }
        return try Self.result(of: address, arrivedAs: value)
    }

    /// Keeps the first bytes of a segment that broke off, as a segment of their own, so that they are not sent again. Not
    /// where the source has begun anew since: it does not know of them.
    private func keep(
        _ stored: ReceivedSegment, byteCount: Int64, of whole: SegmentAddress, form: BodySegment,
        session: StoredIngestSession, in bucket: BucketState
    ) async throws(S3Error) {
        var address = whole
        var segment: BodySegment? = form
        if session.record.replica.version.travelsSealed {
            let stored = StoredStretches.storedChunkBytes
            address.byteCount = byteCount / stored * Int64(SegmentCipher.chunkBytes)
            let plain = address.offset..<address.offset + address.byteCount
            segment =
                byteCount % stored == 0
                ? StoredStretches(session.record.replica.sealedSegments).segment(of: plain) : nil
        } else {
            address.byteCount = byteCount
            segment?.byteCount = byteCount
        }
        var isKept = false
        if let segment {
            isKept = try await self.commitSegment(
                address, stored, segment: segment,
                row: Keyspace.ingestSegment(address.version, offset: address.offset),
                begun: session.record.startedMs, in: bucket)
        }
        if !isKept, let blob = stored.blob { await self.deleteBlobs([blob], in: bucket.partition) }
    }

    /// What to say of a segment where one has arrived before: of an attempt that cut the body otherwise, perhaps.
    private static func result(of address: SegmentAddress, arrivedAs value: [UInt8]) throws(S3Error) -> IngestResult {
        let record: IngestSegmentRecord = try decodeRecord(value)
        return record.segment.byteCount == address.byteCount ? .done : .retry("a segment of another size has arrived")
    }

    /// - Parameter begun: Where it is not `nil`, only in this attempt of the session.
    private func commitSegment(
        _ address: SegmentAddress,
        _ stored: ReceivedSegment,
        segment: BodySegment,
        row: [UInt8],
        begun: Int64? = nil,
        in target: BucketState
    ) async throws(S3Error) -> Bool {
        for _ in 0..<Self.maximumCommitAttempts {
            let bucket = try await self.registry.state(target.name)
            guard bucket.record.bucketID == target.record.bucketID,
                let session = try await self.ingestSession(address.version, in: bucket.partition),
                begun == nil || begun == session.record.startedMs,
                try await self.metadata.value(row, in: bucket.partition) == nil
            else { return false }
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.require(session.row, is: session.value)
            batch.require(row, is: nil)
            var record = IngestSegmentRecord()
            record.offset = address.offset
            record.segment = segment
            record.crc64Nvme = stored.crc64nvme
            record.ownCrc = stored.ownCRC
            if let blob = stored.blob {
                record.segment.blobID = .init(blob.bytes)
                record.segment.pool = stored.pool
                batch.put(Keyspace.blobOwner(blob), [])
            } else if let inline = stored.inline {
                var id = address.version.newestFirstBytes
                id.append(bigEndian: UInt64(address.offset))
                record.segment.inlineID = .init(id)
                batch.put(Keyspace.body(id), inline)
            }
            batch.put(row, try encodeRecord(record))
            let now = self.clock.now.milliseconds
            if now - session.record.startedMs >= Self.progressGrainMilliseconds {
                var renewed = session.record
                renewed.startedMs = now
                batch.put(session.row, try encodeRecord(renewed))
            }
            if try await self.metadata.tryCommit(batch) { return true }
            self.registry.refresh(target.name)
        }
        throw .operationAborted
    }

    /// How a segment arrives, and how it is kept.
    private struct SegmentForm {
        /// Without its place.
        var segment: BodySegment
        var arrivingByteCount: Int64
        var sealing: SegmentSealing?
    }

    /// `nil` when the segment cuts a chunk of a sealed body, or the session's keys cannot be opened.
    private func form(of address: SegmentAddress, in session: IngestSessionRecord) -> SegmentForm? {
        if session.replica.version.travelsSealed {
            let plain = address.offset..<address.offset + address.byteCount
            guard let segment = StoredStretches(session.replica.sealedSegments).segment(of: plain) else { return nil }
            return SegmentForm(
                segment: segment, arrivingByteCount: StoredStretches.storedByteCount(of: address.byteCount))
        }
        var form = SegmentForm(segment: BodySegment(), arrivingByteCount: address.byteCount)
        form.segment.byteCount = address.byteCount
        if session.hasEncryption {
            guard let keys = self.encryption.openWorkingKeys(session.sealedWorkingKeys),
                let cipher = BodyCipher(keyBytes: keys), let sealing = SegmentSealing.shared(cipher)
            else { return nil }
            form.segment.cipherSalt = sealing.salt
            form.sealing = sealing
        }
        return form
    }

    /// `checksum` is the algorithm that the segment's part, or the object, has a combinable checksum in, besides CRC64NVME.
    private struct OwnAlgorithm {
        var checksum: ChecksumAlgorithm?
    }

    /// `nil` when the segment's bounds are not allowed.
    private static func ownAlgorithm(of address: SegmentAddress, in replica: ReplicaRecord) -> OwnAlgorithm? {
        let (end, isOverflown) = address.offset.addingReportingOverflow(address.byteCount)
        guard !isOverflown, address.offset >= 0, address.byteCount > 0,
            address.byteCount <= IngestLimits.bytesPerSegment,
            end <= replica.version.byteCount
        else { return nil }
        var checksum = replica.version.checksum.checksum
        if !replica.parts.isEmpty {
            var start: Int64 = 0
            guard
                let part = replica.parts.first(where: { part in
                    start += part.byteCount
                    return address.offset < start
                }),
                end <= start
            else { return nil }
            checksum = part.checksum.checksum ?? checksum
        }
        guard let algorithm = checksum?.algorithm, algorithm.isCombinable, algorithm != .crc64nvme else {
            return OwnAlgorithm(checksum: nil)
        }
        return OwnAlgorithm(checksum: algorithm)
    }

    // MARK: Removal

    struct ArrivedSegment {
        var row: KeyValue
        var record: IngestSegmentRecord
    }

    /// All segments of a session that have arrived, in the order of their offsets.
    func arrivedSegments(of id: VersionID, in partition: PartitionID) async throws(S3Error) -> [ArrivedSegment] {
        var segments: [ArrivedSegment] = []
        var range = KeyRange(prefix: Keyspace.ingestSegmentPrefix(id))
        while true {
            let page = try await self.metadata.entries(range, in: partition, limit: 1000)
            for entry in page { segments.append(ArrivedSegment(row: entry, record: try decodeRecord(entry.value))) }
            guard page.count == 1000, let last = page.last else { return segments }
            range.lower = last.key + [0]
        }
    }

    /// Removes a session with its segments; `false` when another did, or a segment arrived meanwhile.
    func remove(_ session: StoredIngestSession, version: VersionID, in partition: PartitionID) async throws(S3Error)
        -> Bool
    {
        // First the session is given a time so old that any segment that still arrives renews it, and by that stops the
        // removal below, which would not know of it.
        var seal = MetadataBatch(partition: partition)
        seal.require(session.row, is: session.value)
        var sealed = session.record
        sealed.startedMs -= Self.ingestSessionLifetimeMilliseconds
        let value = try encodeRecord(sealed)
        seal.put(session.row, value)
        guard try await self.metadata.tryCommit(seal) else { return false }

        let segments = try await self.arrivedSegments(of: version, in: partition)
        var batch = MetadataBatch(partition: partition)
        batch.require(session.row, is: value)
        batch.delete(session.row)
        for segment in segments {
            batch.require(segment.row.key, is: segment.row.value)
            batch.delete(segment.row.key)
        }
        let blobs = Self.removeSegments(segments.map(\.record.segment), from: &batch)
        guard try await self.metadata.tryCommit(batch) else { return false }
        await self.deleteBlobs(blobs, in: partition)
        return true
    }
}
