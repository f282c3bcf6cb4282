import FoundationEssentials
import Logging
import TernCore
package import TernRecords
package import TernReplication
import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Replicates a version to another bucket of this region: its blobs become names of the same bytes, so that no byte
    /// is copied, whatever the object's size. Those of an encrypted version are too, and its data key is sealed anew;
    /// only bytes in clear that are to be encrypted are read and written.
    ///
    /// - Parameter tagsReason: Why it goes without its tags; `nil` if it does not.
    package func cloneReplica(
        _ task: TaskRecord, of version: StoredVersion, from source: BucketState,
        tagsReason: ReplicationFailureReason? = nil
    ) async -> IngestResult {
        let result: IngestResult
        do {
            result = try await self.clone(task, of: version, from: source, tagsReason: tagsReason)
        } catch {
            return Self.retry(error)
        }
        await self.noteAccess(
            ReplicaRecord(task: task, version: version.record, parts: [], source: source), result)
        return result
    }

    private func clone(
        _ task: TaskRecord,
        of version: StoredVersion,
        from source: BucketState,
        tagsReason: ReplicationFailureReason?
    ) async throws(S3Error) -> IngestResult {
        guard let layout = try await self.layout(of: version.record, in: source.partition) else {
            return .retry("the version changed while it was read")
        }
        var replica = ReplicaRecord(
            task: task, version: version.record, parts: layout.parts, source: source, tagsReason: tagsReason)
        if let problem = self.problem(ofIdentity: replica) { return problem }
        let bucket: BucketState
        switch try await self.destination(of: &replica) {
        case .refused(let result): return result
        case .open(let state): bucket = state
        }
        if try await self.version(identity: version.record.versionID, of: version.key, in: bucket) != nil {
            // Placing would find the same, but only after cloning.
            return await self.refreshReplica(replica).noting(replica)
        }
        let cipher: BodyCipher?
        switch try await self.openSource(of: version, for: task, in: source) {
        case .refused(let reason, let message): return .refused(reason.rawValue, message)
        case .undecided(let message): return .retry(message)
        case .open(let opened): cipher = opened
        }
        let encryption: ReplicaEncryption
        switch try await self.encryption(of: replica, in: bucket, reusing: cipher) {
        case .refused(let result): return result
        case .use(let found): encryption = found
        }
        var prepared = PreparedReplica(replica: replica, key: version.key)
        prepared.encryption = encryption.record
        do {
            let isDone: Bool
            if !version.record.hasEncryption, let cipher = encryption.cipher {
                isDone = try await self.encryptBody(
                    layout, with: cipher, into: &prepared, from: source.partition, to: bucket.partition)
            } else {
                isDone = try await self.cloneBody(
                    layout, into: &prepared, from: source.partition, to: bucket.partition)
            }
            guard isDone else {
                await self.deleteBlobs(prepared.blobs, in: bucket.partition)
                return .retry("the version changed while it was read")
            }
        } catch {
            await self.deleteBlobs(prepared.blobs, in: bucket.partition)
            throw error
        }
        switch try await self.place([prepared], in: bucket).first {
        case .placed:
            return IngestResult.done.noting(replica)
        case .notNeeded(let result):
            await self.deleteBlobs(prepared.blobs, in: bucket.partition)
            return result.noting(replica)
        case nil:
            return .retry("not placed")
        }
    }

    /// Returns `false` when the source's bytes are gone.
    private func cloneBody(
        _ layout: BodyLayout,
        into prepared: inout PreparedReplica,
        from source: PartitionID,
        to destination: PartitionID
    ) async throws(S3Error) -> Bool {
        let clones: (segments: [BodySegment], blobs: [BlobID])
        do {
            clones = try await self.cloneBlobs(
                of: layout.segments, from: source, to: destination, pool: self.pool(of: prepared.replica))
        } catch  where error.code == .notFound {
            return false
        } catch {
            throw S3Error(error)
        }
        prepared.blobs = clones.blobs
        var inlineNumber = 0
        var copy = layout
        copy.replaceSegments(by: clones.segments)
        for part in copy.parts.indices {
            for segment in copy.parts[part].segments.indices {
                let original = copy.parts[part].segments[segment]
                switch original.place {
                case .inlineID(let id):
                    guard let bytes = try await self.metadata.value(Keyspace.body(Array(id)), in: source) else {
                        return false
                    }
                    copy.parts[part].segments[segment] = prepared.addInline(
                        bytes, number: inlineNumber, as: original.withoutPlace)
                    inlineNumber += 1
                case .blobID:
                    break
                case nil:
                    throw .internalError
                }
            }
        }
        try prepared.take(copy)
        return true
    }

    /// Writes a body that lies in clear once more, encrypted. Returns `false` when the source's bytes are gone.
    private func encryptBody(
        _ layout: BodyLayout,
        with cipher: BodyCipher,
        into prepared: inout PreparedReplica,
        from source: PartitionID,
        to destination: PartitionID
    ) async throws(S3Error) -> Bool {
        let pool = self.pool(of: prepared.replica)
        var copy = layout
        var inlineNumber = 0
        for part in copy.parts.indices {
            for index in copy.parts[part].segments.indices {
                let original = copy.parts[part].segments[index]
                let reader = BodyReader(
                    segments: [original], range: 0..<original.byteCount, cipher: nil, metadata: self.metadata,
                    blobs: self.blobs, partition: source, logger: self.logger)
                let sealing = SegmentSealing(cipher: cipher, salt: BodyCipher.makeSalt())
                var sink = self.sink(into: destination, pool: pool, sealing: sealing)
                let stored: BodySink.Stored
                do {
                    try await reader.prepare()
                    while let chunk = try await reader.next() { try await sink.write(chunk) }
                    stored = try await sink.finish()
                } catch {
                    await sink.discard()
                    if let error = error as? StorageError, error.code == .notFound { return false }
                    throw self.s3Error(error, during: "encrypting a replica")
                }
                var description = BodySegment()
                description.byteCount = original.byteCount
                description.cipherSalt = sealing.salt
                if let blob = stored.blob {
                    copy.parts[part].segments[index] = prepared.addBlob(blob, pool: pool, as: description)
                } else {
                    copy.parts[part].segments[index] = prepared.addInline(
                        stored.inline ?? [], number: inlineNumber, as: description)
                    inlineNumber += 1
                }
            }
        }
        try prepared.take(copy)
        return true
    }
}
