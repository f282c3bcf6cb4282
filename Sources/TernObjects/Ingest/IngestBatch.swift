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
        // In the order of the items: chance has no part in what happens.
        var buckets: [String] = []
        for (index, item) in items.enumerated() {
            if let problem = self.problem(ofIdentity: item.replica) {
                results[index] = problem
            } else {
                let bucket = item.replica.destinationBucket
                if groups[bucket] == nil { buckets.append(bucket) }
                groups[bucket, default: []].append(index)
            }
        }
        for bucket in buckets {
            let indices = groups[bucket] ?? []
            do {
                let group = try await self.ingestGroup(indices.map { items[$0] })
                for (index, result) in zip(indices, group) { results[index] = result }
            } catch {
                for index in indices { results[index] = Self.retry(error) }
            }
        }
        let told = results.map { $0 ?? .retry("not ingested") }
        for (item, result) in zip(items, told) { await self.noteAccess(item.replica, result) }
        return told
    }

    /// As ``ingest(_:)``, of one.
    package func ingest(_ replica: ReplicaRecord, body: ByteBuffer) async -> IngestResult {
        await self.ingest([IngestItem(replica: replica, body: body)]).first ?? .retry("not ingested")
    }

    static func retry(_ error: S3Error) -> IngestResult {
        .retry("\(error.code): \(error.message)")
    }

    /// Items of one destination bucket.
    private func ingestGroup(_ group: [IngestItem]) async throws(S3Error) -> [IngestResult] {
        var items = group
        var results = [IngestResult?](repeating: nil, count: items.count)
        var bucket: BucketState?
        let problems = await ReplicaVerification.problems(of: items)
        var accepted: [Int] = []
        for index in items.indices {
            switch try await self.destination(of: &items[index].replica) {
            case .refused(let result):
                results[index] = result
            case .open where items[index].replica.isInquiry:
                results[index] = .done
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
            var encryptions: [ReplicaEncryption] = []
            var open: [Int] = []
            for index in accepted {
                if items[index].replica.kind != .object {
                    encryptions.append(ReplicaEncryption())
                    open.append(index)
                    continue
                }
                switch try await self.encryption(of: items[index].replica, in: bucket) {
                case .use(let encryption):
                    encryptions.append(encryption)
                    open.append(index)
                case .refused(let result):
                    results[index] = result
                }
            }
            accepted = open
            let stored = try await self.storeBodies(
                of: accepted.map { items[$0] }, encryptions: encryptions, in: bucket)
            // When this throws, the commit may have happened: its blobs are left to the collector, which knows.
            let placements = try await self.place(stored, in: bucket)
            for (position, index) in accepted.enumerated() {
                switch placements[position] {
                case .placed:
                    results[index] = IngestResult.done.noting(items[index].replica)
                case .notNeeded(let result):
                    results[index] = result.noting(items[index].replica)
                    await self.deleteBlobs(stored[position].blobs, in: bucket.partition)
                }
            }
        }
        return results.map { $0 ?? .retry("not ingested") }
    }

    /// Blobs written at once, so that their flushes share the disk's time.
    private static let concurrentBlobs = 16

    /// The bytes of a small body as they are kept, and their segment, yet without a place.
    private struct BodyToStore {
        var bytes: ByteBuffer
        var segment: BodySegment

        init(_ item: IngestItem, encryption: ReplicaEncryption) throws(S3Error) {
            self.bytes = item.body
            if item.replica.version.travelsSealed {
                // Small bodies are one segment.
                guard item.replica.sealedSegments.count <= 1 else { throw .internalError }
                self.segment = item.replica.sealedSegments.first?.withoutPlace ?? BodySegment()
                return
            }
            self.segment = BodySegment()
            self.segment.byteCount = Int64(item.body.readableBytes)
            guard let cipher = encryption.cipher else { return }
            do {
                var sealer = SegmentSealer(cipher.segment(salt: self.segment.cipherSalt))
                self.bytes = try sealer.seal(item.body)
                self.bytes.writeImmutableBuffer(try sealer.finish())
            } catch {
                throw S3Error(error)
            }
        }
    }

    /// Stores the bodies that are too large for the commit, and prepares the items for it.
    private func storeBodies(
        of items: [IngestItem], encryptions: [ReplicaEncryption], in bucket: BucketState
    ) async throws(S3Error) -> [PreparedReplica] {
        var prepared: [PreparedReplica] = []
        var large: [(index: Int, body: BodyToStore)] = []
        for (item, encryption) in zip(items, encryptions) {
            var replica = PreparedReplica(replica: item.replica, key: ObjectKey(trusted: Array(item.replica.key)))
            if item.replica.kind == .object {
                replica.encryption = encryption.record
                let body = try BodyToStore(item, encryption: encryption)
                if body.segment.byteCount <= Int64(self.options.inlineThresholdBytes) {
                    let segments =
                        body.segment.byteCount == 0
                        ? [] : [replica.addInline(Array(body.bytes.readableBytesView), number: 0, as: body.segment)]
                    try replica.take(Self.layout(of: item.replica, segments: segments))
                } else {
                    large.append((prepared.count, body))
                }
            }
            prepared.append(replica)
        }
        if large.isEmpty { return prepared }
        let blobs = try await self.writeBlobs(
            large.map { BlobToWrite(bytes: $0.body.bytes, pool: self.pool(of: items[$0.index].replica)) },
            in: bucket.partition)
        for ((index, body), blob) in zip(large, blobs) {
            let item = items[index]
            let segment = prepared[index].addBlob(blob, pool: self.pool(of: item.replica), as: body.segment)
            try prepared[index].take(Self.layout(of: item.replica, segments: [segment]))
        }
        return prepared
    }

    /// The layout of a small body: one segment, which has to be cut where there are parts in it.
    private static func layout(of replica: ReplicaRecord, segments: [BodySegment]) throws(S3Error) -> BodyLayout {
        if replica.parts.isEmpty {
            var part = PartLayout()
            part.byteCount = replica.version.byteCount
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
