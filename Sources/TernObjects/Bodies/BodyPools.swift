import FoundationEssentials
import TernCore
import TernRecords
import TernStorage

extension ObjectService {
    /// The storage pool that the bodies of a class are written to.
    func pool(of storageClass: StorageClass) -> String {
        self.options.poolOfClass[storageClass] ?? BlobPools.standardName
    }

    /// The storage pool that a replica is written to when it arrives.
    func pool(of replica: ReplicaRecord) -> String { self.pool(of: replica.version.storageClassValue) }

    /// Copies of the blobs of some segments, under new names in a pool; inline segments stay as they are.
    ///
    /// The new blobs belong to the caller, who claims them in a commit or deletes them.
    func cloneBlobs(
        of segments: [BodySegment], from source: PartitionID, to destination: PartitionID, pool: String
    ) async throws(StorageError) -> (segments: [BodySegment], blobs: [BlobID]) {
        var originals: [(id: BlobID, pool: String)] = []
        for segment in segments {
            guard case .blobID(let bytes) = segment.place else { continue }
            guard let id = BlobID(Array(bytes)) else { throw StorageError(.damaged, "a segment names no blob") }
            originals.append((id, segment.pool))
        }
        if originals.isEmpty { return (segments, []) }
        let clones = try await self.blobs.clone(originals, from: source, to: destination, pool: pool)
        var next = clones.makeIterator()
        var result = segments
        for index in result.indices {
            guard case .blobID = result[index].place, let blob = next.next() else { continue }
            result[index].blobID = .init(blob.bytes)
            result[index].pool = pool
        }
        return (result, clones)
    }
}
