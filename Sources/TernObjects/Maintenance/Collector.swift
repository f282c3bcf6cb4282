import Logging
import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// What a run of the collector removed.
package struct CollectorReport: Sendable, Hashable {
    package var blobs = 0
    package var orphanedParts = 0
    package var expiredResults = 0
    package var bucketNames = 0
    package var staleIngests = 0
}

extension ObjectService {
    /// Removes what a crash left behind, a page at a time: blobs that no record names, parts of uploads that are gone,
    /// results of completions that nobody will ask for again, large replicas whose source sends no more of them. Never
    /// one that is named.
    package func collect() async throws(S3Error) -> CollectorReport {
        var report = CollectorReport()
        let partitions: [PartitionID]
        do {
            partitions = try await self.blobs.partitions()
        } catch {
            throw S3Error(error)
        }
        report.bucketNames = try await self.releaseNamesLeftBehind()
        for partition in partitions { report.blobs += try await self.collectBlobs(in: partition) }
        for bucket in try await self.registry.all() {
            report.orphanedParts += try await self.collectParts(in: bucket)
            report.expiredResults += try await self.collectCompletedUploads(in: bucket)
            report.staleIngests += try await self.collectStaleIngests(in: bucket)
        }
        if report != CollectorReport() {
            self.logger.info(
                "collected leftovers",
                metadata: [
                    "blobs": "\(report.blobs)", "parts": "\(report.orphanedParts)",
                    "results": "\(report.expiredResults)", "names": "\(report.bucketNames)",
                    "ingests": "\(report.staleIngests)",
                ])
        }
        return report
    }

    private func collectBlobs(in partition: PartitionID) async throws(S3Error) -> Int {
        var count = 0
        var last: BlobID?
        while true {
            let page: [BlobID]
            do {
                page = try await self.blobs.unsettled(in: partition, after: last, limit: 500)
            } catch {
                throw S3Error(error)
            }
            guard let end = page.last else { return count }
            var leftovers: [BlobID] = []
            for blob in page where try await self.metadata.value(Keyspace.blobOwner(blob), in: partition) == nil {
                leftovers.append(blob)
            }
            await self.deleteBlobs(leftovers, in: partition)
            count += leftovers.count
            last = end
        }
    }

    private func collectParts(in bucket: BucketState) async throws(S3Error) -> Int {
        var count = 0
        var from = Keyspace.table(.uploadPart).lower
        let end = Keyspace.table(.uploadPart).upper
        while true {
            let rows = try await self.metadata.entries(KeyRange(from: from, to: end), in: bucket.partition, limit: 1)
            guard let row = rows.first,
                let upload = VersionID(newestFirstBytes: row.key.dropFirst().prefix(VersionID.newestFirstByteCount))
            else { return count }
            if try await self.isUploadGone(upload, in: bucket) {
                try await self.removeParts(of: upload, in: bucket.partition)
                count += 1
            }
            guard let next = KeyRange.end(ofPrefix: Keyspace.uploadPartPrefix(upload)) else { return count }
            from = next
        }
    }

    private func isUploadGone(_ upload: VersionID, in bucket: BucketState) async throws(S3Error) -> Bool {
        var from = Keyspace.table(.upload).lower
        while true {
            let rows = try await self.metadata.entries(
                KeyRange(from: from, to: Keyspace.table(.upload).upper), in: bucket.partition, limit: 1000)
            for row in rows {
                let record: UploadRecord = try decodeRecord(row.value)
                if record.id.versionID == upload { return false }
            }
            guard rows.count == 1000, let last = rows.last else { return true }
            from = last.key + [0]
        }
    }

    private func collectCompletedUploads(in bucket: BucketState) async throws(S3Error) -> Int {
        // Rows sort by the time of initiation, so the oldest come first.
        let rows = try await self.metadata.entries(Keyspace.table(.completedUpload), in: bucket.partition, limit: 1000)
        var batch = MetadataBatch(partition: bucket.partition)
        for row in rows {
            let record: CompletedUploadRecord = try decodeRecord(row.value)
            if record.expiresMs <= self.clock.now.milliseconds { batch.delete(row.key) }
        }
        if batch.writes.isEmpty { return 0 }
        return try await self.metadata.tryCommit(batch) ? batch.writes.count : 0
    }
}
