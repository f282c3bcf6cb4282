import NIOCore

/// The blob stores of a region: a standard one, and pools that hold the bodies of some storage classes.
///
/// Taken for one store it is the standard one, but for what concerns all: blobs are deleted wherever they are, and the
/// collector sees those of every pool. A blob's name is unique for ever, so no name stands for two.
package final class BlobPools: BlobStore {
    /// The name of the standard store, as segments have it.
    package static let standardName = ""

    private let standard: any BlobStore
    private let named: [String: any BlobStore]

    package init(standard: any BlobStore, named: [String: any BlobStore] = [:]) {
        self.standard = standard
        self.named = named
    }

    private var all: [any BlobStore] { [self.standard] + self.named.values }

    /// - Throws: ``StorageError/Code/io`` for a pool that is not configured any more: its blobs are not lost, only out of
    ///   reach.
    private func store(_ pool: String) throws(StorageError) -> any BlobStore {
        if pool == Self.standardName { return self.standard }
        guard let store = self.named[pool] else {
            throw StorageError(.io, "the storage pool `\(pool)` is not configured")
        }
        return store
    }

    package func makeWriter(in partition: PartitionID, pool: String) async throws(StorageError) -> any BlobWriter {
        try await self.store(pool).makeWriter(in: partition)
    }

    package func open(_ id: BlobID, in partition: PartitionID, pool: String) async throws(StorageError)
        -> any BlobReader
    {
        try await self.store(pool).open(id, in: partition)
    }

    /// New blobs with the same bytes in one pool, in the same order; all of them or none. Those that are in the pool
    /// already are cloned, the others are copied.
    package func clone(
        _ blobs: [(id: BlobID, pool: String)],
        from source: PartitionID,
        to destination: PartitionID,
        pool: String
    ) async throws(StorageError) -> [BlobID] {
        let target = try self.store(pool)
        let kept = blobs.filter { $0.pool == pool }.map(\.id)
        let clones = kept.isEmpty ? [] : try await target.clone(kept, from: source, to: destination)
        if kept.count == blobs.count { return clones }
        var made = clones
        var next = clones.makeIterator()
        var result: [BlobID] = []
        do throws(StorageError) {
            for blob in blobs {
                if blob.pool == pool {
                    if let clone = next.next() { result.append(clone) }
                } else {
                    let reader = try await self.store(blob.pool).open(blob.id, in: source)
                    let copy = try await Self.copy(reader, to: target, in: destination)
                    made.append(copy)
                    result.append(copy)
                }
            }
            return result
        } catch {
            // What cannot be deleted now is left to the collector.
            try? await target.delete(made, in: destination)
            throw error
        }
    }

    private static let copyByteCount = 256 << 10

    private static func copy(
        _ reader: any BlobReader, to store: any BlobStore, in partition: PartitionID
    ) async throws(StorageError) -> BlobID {
        let writer = try await store.makeWriter(in: partition)
        do throws(StorageError) {
            var offset: Int64 = 0
            while offset < reader.byteCount {
                let bytes = try await reader.read(at: offset, maximum: Self.copyByteCount)
                if bytes.readableBytes == 0 { throw StorageError(.damaged, "a blob ended early") }
                offset += Int64(bytes.readableBytes)
                try await writer.write(bytes)
            }
        } catch {
            await writer.discard()
            throw error
        }
        return try await writer.finish()
    }

    // MARK: As one store

    package func makeWriter(in partition: PartitionID) async throws(StorageError) -> any BlobWriter {
        try await self.standard.makeWriter(in: partition)
    }

    package func open(_ id: BlobID, in partition: PartitionID) async throws(StorageError) -> any BlobReader {
        try await self.standard.open(id, in: partition)
    }

    package func clone(
        _ ids: [BlobID], from source: PartitionID, to destination: PartitionID
    ) async throws(StorageError) -> [BlobID] {
        try await self.standard.clone(ids, from: source, to: destination)
    }

    package func delete(_ ids: [BlobID], in partition: PartitionID) async throws(StorageError) {
        for store in self.all { try await store.delete(ids, in: partition) }
    }

    package func unsettled(in partition: PartitionID, after cursor: BlobID?, limit: Int) async throws(StorageError)
        -> [BlobID]
    {
        var found = try await self.standard.unsettled(in: partition, after: cursor, limit: limit)
        if self.named.isEmpty { return found }
        // Each store gives its first ones, so the first of all are among them.
        for store in self.named.values {
            found += try await store.unsettled(in: partition, after: cursor, limit: limit)
        }
        return Array(found.sorted().prefix(limit))
    }

    package func partitions() async throws(StorageError) -> [PartitionID] {
        var found: Set<PartitionID> = []
        for store in self.all { found.formUnion(try await store.partitions()) }
        return found.sorted()
    }

    package func freeBytes() async throws(StorageError) -> Int64 {
        try await self.standard.freeBytes()
    }
}
