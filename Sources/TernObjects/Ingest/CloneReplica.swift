import FoundationEssentials
import Logging
import TernCore
package import TernRecords
import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Replicates a version to another bucket of this region: its blobs become names of the same bytes, so that no byte
    /// is copied, whatever the object's size.
    package func cloneReplica(_ task: TaskRecord, of version: StoredVersion, from source: BucketState) async
        -> IngestResult
    {
        do {
            return try await self.clone(task, of: version, from: source)
        } catch {
            return Self.retry(error)
        }
    }

    private func clone(
        _ task: TaskRecord,
        of version: StoredVersion,
        from source: BucketState
    ) async throws(S3Error) -> IngestResult {
        guard let layout = try await self.layout(of: version.record, in: source.partition) else {
            return .retry("the version changed while it was read")
        }
        let replica = ReplicaRecord(task: task, version: version.record, parts: layout.parts, source: source)
        if let problem = self.problem(ofIdentity: replica) { return problem }
        let bucket: BucketState
        switch try await self.destination(of: replica) {
        case .refused(let result): return result
        case .open(let state): bucket = state
        }
        if try await self.version(identity: version.record.versionID, of: version.key, in: bucket) != nil {
            // Placing would find the same, but only after cloning.
            return await self.refreshReplica(replica)
        }
        var prepared = PreparedReplica(replica: replica, key: version.key)
        do {
            guard try await self.cloneBody(layout, into: &prepared, from: source.partition, to: bucket.partition) else {
                return .retry("the version changed while it was read")
            }
        } catch {
            await self.deleteBlobs(prepared.blobs, in: bucket.partition)
            throw error
        }
        switch try await self.place([prepared], in: bucket).first {
        case .placed:
            return .done
        case .notNeeded(let result):
            await self.deleteBlobs(prepared.blobs, in: bucket.partition)
            return result
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
                        await self.deleteBlobs(clones.blobs, in: destination)
                        return false
                    }
                    copy.parts[part].segments[segment] = prepared.addInline(bytes, number: inlineNumber)
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
}
