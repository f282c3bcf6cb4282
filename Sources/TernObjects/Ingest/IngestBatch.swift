import Logging
package import NIOCore
import TernCore
package import TernRecords
import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Takes small replicas, delete markers and changes of attributes into their destination buckets in this region.
    ///
    /// Idempotent, and independent of the order. Returns one result for each item, in their order.
    package func ingest(_ items: [IngestItem]) async -> [IngestResult] {
        var results = [IngestResult?](repeating: nil, count: items.count)
        var groups: [String: [Int]] = [:]
        for (index, item) in items.enumerated() {
            if let problem = self.problem(ofIdentity: item.replica) {
                results[index] = problem
            } else {
                groups[item.replica.destinationBucket, default: []].append(index)
            }
        }
        for indices in groups.values {
            do {
                let group = try await self.ingestGroup(indices.map { items[$0] })
                for (index, result) in zip(indices, group) { results[index] = result }
            } catch {
                for index in indices { results[index] = Self.retry(error) }
            }
        }
        return results.map { $0 ?? .retry("not ingested") }
    }

    /// As ``ingest(_:)``, of one.
    package func ingest(_ replica: ReplicaRecord, body: ByteBuffer) async -> IngestResult {
        await self.ingest([IngestItem(replica: replica, body: body)]).first ?? .retry("not ingested")
    }

    static func retry(_ error: S3Error) -> IngestResult {
        .retry("\(error.code): \(error.message)")
    }

    /// Items of one destination bucket.
    private func ingestGroup(_ items: [IngestItem]) async throws(S3Error) -> [IngestResult] {
        var results = [IngestResult?](repeating: nil, count: items.count)
        var bucket: BucketState?
        let problems = await ReplicaVerification.problems(of: items)
        var accepted: [Int] = []
        for (index, item) in items.enumerated() {
            switch try await self.destination(of: item.replica) {
            case .refused(let result):
                results[index] = result
            case .open(let state):
                bucket = state
                if let problem = problems[index] {
                    results[index] = .retry(problem)
                } else {
                    accepted.append(index)
                }
            }
        }
        if let bucket, !accepted.isEmpty {
            let stored = try await self.storeBodies(of: accepted.map { items[$0] }, in: bucket)
            // When this throws, the commit may have happened: its blobs are left to the collector, which knows.
            let placements = try await self.place(stored, in: bucket)
            for (position, index) in accepted.enumerated() {
                switch placements[position] {
                case .placed:
                    results[index] = .done
                case .notNeeded(let result):
                    results[index] = result
                    await self.deleteBlobs(stored[position].blobs, in: bucket.partition)
                }
            }
        }
        return results.map { $0 ?? .retry("not ingested") }
    }

    /// Blobs written at once, so that their flushes share the disk's time.
    private static let concurrentBlobs = 16

    /// Stores the bodies that are too large for the commit, and prepares the items for it.
    private func storeBodies(of items: [IngestItem], in bucket: BucketState) async throws(S3Error) -> [PreparedReplica]
    {
        var prepared: [PreparedReplica] = []
        var large: [Int] = []
        for item in items {
            var replica = PreparedReplica(replica: item.replica, key: ObjectKey(trusted: Array(item.replica.key)))
            if item.replica.kind == .object {
                if item.body.readableBytes <= self.options.inlineThresholdBytes {
                    let segment = replica.addInlineIfAny(Array(item.body.readableBytesView))
                    try replica.take(Self.layout(of: item.replica, segments: segment, body: item.body.readableBytes))
                } else {
                    large.append(prepared.count)
                }
            }
            prepared.append(replica)
        }
        if large.isEmpty { return prepared }
        let blobs = try await self.writeBlobs(
            large.map { BlobToWrite(bytes: items[$0].body, pool: self.pool(of: items[$0].replica)) },
            in: bucket.partition)
        for (index, blob) in zip(large, blobs) {
            let item = items[index]
            let segment = prepared[index].addBlob(
                blob, pool: self.pool(of: item.replica), byteCount: Int64(item.body.readableBytes))
            try prepared[index].take(Self.layout(of: item.replica, segments: [segment], body: item.body.readableBytes))
        }
        return prepared
    }

    /// The layout of a small body: one segment, which has to be cut where there are parts in it.
    private static func layout(of replica: ReplicaRecord, segments: [BodySegment], body byteCount: Int) throws(S3Error)
        -> BodyLayout
    {
        if replica.parts.isEmpty {
            var part = PartLayout()
            part.byteCount = Int64(byteCount)
            part.segments = segments
            return BodyLayout(parts: [part])
        }
        let filled = replica.parts.filter { $0.byteCount > 0 }
        // Parts but the last have 5 MiB at least, so that a small body never has two.
        guard filled.count <= 1 else { throw .internalError }
        let parts = replica.parts.map { part in
            var part = part
            if part.byteCount > 0 { part.segments = segments }
            return part
        }
        return BodyLayout(parts: parts)
    }

    private struct BlobToWrite: Sendable {
        var bytes: ByteBuffer
        var pool: String
    }

    private func writeBlobs(_ bodies: [BlobToWrite], in partition: PartitionID) async throws(S3Error) -> [BlobID] {
        var blobs = [BlobID?](repeating: nil, count: bodies.count)
        var failure: StorageError?
        await withTaskGroup(of: (Int, Result<BlobID, StorageError>).self) { group in
            var next = 0
            while next < min(Self.concurrentBlobs, bodies.count) {
                let index = next
                group.addTask { (index, await self.writeBlob(bodies[index], in: partition)) }
                next += 1
            }
            for await (index, result) in group {
                switch result {
                case .success(let blob): blobs[index] = blob
                case .failure(let error): failure = error
                }
                if next < bodies.count, failure == nil {
                    let index = next
                    group.addTask { (index, await self.writeBlob(bodies[index], in: partition)) }
                    next += 1
                }
            }
        }
        if let failure {
            await self.deleteBlobs(blobs.compactMap { $0 }, in: partition)
            throw S3Error(failure)
        }
        return blobs.compactMap { $0 }
    }

    private func writeBlob(_ body: BlobToWrite, in partition: PartitionID) async -> Result<BlobID, StorageError> {
        do throws(StorageError) {
            let writer = try await self.blobs.makeWriter(in: partition, pool: body.pool)
            do throws(StorageError) {
                try await writer.write(body.bytes)
                return .success(try await writer.finish())
            } catch {
                await writer.discard()
                throw error
            }
        } catch {
            return .failure(error)
        }
    }
}

extension PreparedReplica {
    fileprivate mutating func addInlineIfAny(_ bytes: [UInt8]) -> [BodySegment] {
        bytes.isEmpty ? [] : [self.addInline(bytes, number: 0)]
    }
}
