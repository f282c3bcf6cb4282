import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Deletes an empty bucket. Uploads in progress do not count: they are aborted.
    ///
    /// First a new epoch makes every write planned before fail; then the bucket is looked at; and if it is empty, its
    /// epoch row goes, without which nothing can be written, provided that nobody opened it again. A process that dies
    /// in between leaves a bucket that the next request opens again (``BucketRegistry``), so no acknowledged write is
    /// ever lost.
    ///
    /// Source: Amazon S3 API Reference, DeleteBucket.
    package func deleteBucket(_ name: String) async throws(S3Error) {
        let deleted = try await self.bucketTurns.take(name) { () async throws(S3Error) in
            try await self.sealBucket(name)
        }
        // The name may lead to another bucket by now, which has a partition of its own.
        try await self.clear(deleted)
    }

    private func sealBucket(_ name: String) async throws(S3Error) -> BucketState {
        let open = try await self.registry.state(name)
        let closed = try await self.changeBucket(name) { record throws(S3Error) in record.isDeleted = true }
        let objects = try await self.metadata.entries(Keyspace.table(.head), in: open.partition, limit: 1)
        if !objects.isEmpty {
            let versioning = closed.versioning
            try await self.reopen(closed)
            throw .bucketNotEmpty(name, isVersioned: versioning != .never)
        }
        var seal = MetadataBatch(partition: closed.partition)
        seal.require(Keyspace.epoch, is: closed.epochValue)
        seal.delete(Keyspace.epoch)
        seal.delete(Keyspace.configuration)
        guard try await self.metadata.tryCommit(seal) else { throw .operationAborted }
        self.registry.refresh(name)
        try await self.releaseName(name, bucketID: open.record.bucketID)
        return closed
    }

    /// Frees the name of a bucket of this region that is gone.
    package func releaseName(_ name: String, bucketID: UInt64) async throws(S3Error) {
        try await self.namespace.release(name, bucketID: bucketID)
        if !(self.namespace is HomeNamespace) {
            try await self.directory.anticipateRemoval(of: name, bucketID: bucketID)
        }
    }

    /// Whether a name of this region belongs to a bucket that was deleted by a process that did not live to free it.
    func isNameLeftBehind(_ record: DirectoryRecord) async throws(S3Error) -> Bool {
        guard record.region == self.region.description, !record.isReserved else { return false }
        let partition = PartitionID(kind: .bucket, id: record.bucketID)
        return try await self.metadata.value(Keyspace.epoch, in: partition) == nil
    }

    /// Frees the names that ``isNameLeftBehind(_:)``, for the collector.
    func releaseNamesLeftBehind() async throws(S3Error) -> Int {
        var count = 0
        var last = ""
        while true {
            let page = try await self.directory.records(after: last, limit: 1000)
            for record in page where try await self.isNameLeftBehind(record) {
                try await self.releaseName(record.name, bucketID: record.bucketID)
                count += 1
            }
            guard let end = page.last else { return count }
            last = end.name
        }
    }

    private func reopen(_ closed: BucketState) async throws(S3Error) {
        self.registry.refresh(closed.name)
        // Whoever looks at a closed bucket opens it.
        _ = try await self.registry.state(closed.name)
    }

    /// Removes all that is left of a deleted bucket: uploads, tombstones, tasks of versions that are gone, blobs. Events
    /// on their way go on: they tell of what happened while the bucket was there.
    package func clear(_ bucket: BucketState) async throws(S3Error) {
        for range in Self.rangesWithoutEvents {
            while true {
                let rows = try await self.metadata.entries(range, in: bucket.partition, limit: 500)
                if rows.isEmpty { break }
                var batch = MetadataBatch(partition: bucket.partition)
                for row in rows { batch.delete(row.key) }
                _ = try await self.metadata.tryCommit(batch)
            }
        }
        var last: BlobID?
        while true {
            let page: [BlobID]
            do {
                page = try await self.blobs.unsettled(in: bucket.partition, after: last, limit: 500)
            } catch {
                throw S3Error(error)
            }
            guard let end = page.last else { return }
            await self.deleteBlobs(page, in: bucket.partition)
            last = end
        }
    }

    /// Every row but those of events.
    private static let rangesWithoutEvents: [KeyRange] = {
        var ranges: [KeyRange] = []
        var lower: [UInt8] = []
        for table in [Keyspace.Table.event, .deadEvent].sorted(by: { $0.rawValue < $1.rawValue }) {
            ranges.append(KeyRange(from: lower, to: [table.rawValue]))
            lower = [table.rawValue + 1]
        }
        ranges.append(KeyRange(from: lower, to: nil))
        return ranges
    }()
}
