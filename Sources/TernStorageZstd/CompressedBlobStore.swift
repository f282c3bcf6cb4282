import NIOCore
package import TernStorage

/// Keeps blobs compressed in another store, block by block, so that a range reads only the blocks that it needs.
///
/// The other store sees nothing but bytes: it makes them durable, checksums, clones and deletes them as its own.
package final class CompressedBlobStore: BlobStore {
    private let store: any BlobStore

    package init(_ store: any BlobStore) {
        self.store = store
    }

    package func makeWriter(in partition: PartitionID) async throws(StorageError) -> any BlobWriter {
        CompressedBlobWriter(try await self.store.makeWriter(in: partition))
    }

    package func open(_ id: BlobID, in partition: PartitionID) async throws(StorageError) -> any BlobReader {
        try await CompressedBlobReader.open(try await self.store.open(id, in: partition))
    }

    package func clone(
        _ ids: [BlobID], from source: PartitionID, to destination: PartitionID
    ) async throws(StorageError) -> [BlobID] {
        try await self.store.clone(ids, from: source, to: destination)
    }

    package func delete(_ ids: [BlobID], in partition: PartitionID) async throws(StorageError) {
        try await self.store.delete(ids, in: partition)
    }

    package func unsettled(in partition: PartitionID, after cursor: BlobID?, limit: Int) async throws(StorageError)
        -> [BlobID]
    {
        try await self.store.unsettled(in: partition, after: cursor, limit: limit)
    }

    package func partitions() async throws(StorageError) -> [PartitionID] { try await self.store.partitions() }

    package func freeBytes() async throws(StorageError) -> Int64 { try await self.store.freeBytes() }
}
