package import NIOCore

/// Keeps the bodies that are too large for a metadata commit.
///
/// A blob is immutable. It is durable when ``BlobWriter/finish()`` or ``clone(_:from:to:)`` returns, and belongs to the
/// caller from then on: the caller names it in a commit, or deletes it. One that neither happens to, because the process
/// died, is found by ``unsettled(in:)`` and removed by the collector of the object service.
package protocol BlobStore: Sendable {
    /// Starts a blob of yet unknown length.
    func makeWriter(in partition: PartitionID) async throws(StorageError) -> any BlobWriter

    /// Opens a blob; throws ``StorageError/Code/notFound`` if there is none.
    func open(_ id: BlobID, in partition: PartitionID) async throws(StorageError) -> any BlobReader

    /// Makes new blobs with the same bytes, without copying any; all of them or none. The order is kept.
    func clone(_ ids: [BlobID], from source: PartitionID, to destination: PartitionID) async throws(StorageError)
        -> [BlobID]

    /// Deletes blobs; those that do not exist are skipped.
    func delete(_ ids: [BlobID], in partition: PartitionID) async throws(StorageError)

    /// The blobs of a partition that no running operation of this process can be about to name: candidates for the
    /// collector. At most `limit`, in ascending order, after `cursor`.
    func unsettled(in partition: PartitionID, after cursor: BlobID?, limit: Int) async throws(StorageError) -> [BlobID]

    /// The partitions that have blobs.
    func partitions() async throws(StorageError) -> [PartitionID]

    /// Bytes left on the device.
    func freeBytes() async throws(StorageError) -> Int64
}

/// Writes one blob from front to back. Dropping the writer without ``finish()`` discards what was written.
package protocol BlobWriter: AnyObject, Sendable {
    /// Appends bytes; returns when they are handed to the operating system, so that a slow disk slows the caller.
    func write(_ bytes: ByteBuffer) async throws(StorageError)

    /// Makes the blob durable. No other call may follow.
    func finish() async throws(StorageError) -> BlobID

    /// Removes what was written. No other call may follow.
    func discard() async
}

/// Reads one blob. Every byte it returns was verified against the checksum of its block.
package protocol BlobReader: AnyObject, Sendable {
    /// The blob's length in bytes.
    var byteCount: Int64 { get }

    /// Bytes from `offset`; at least one and at most `maximum` of them, none at the end.
    ///
    /// Throws ``StorageError/Code/damaged`` when a block does not match its checksum.
    func read(at offset: Int64, maximum: Int) async throws(StorageError) -> ByteBuffer
}

/// The name of a blob in its partition: 16 random bytes, unique for ever.
package struct BlobID: Hashable, Sendable, Comparable {
    package let bytes: [UInt8]

    /// `nil` unless there are exactly 16 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    package static let byteCount = 16

    package static func < (left: BlobID, right: BlobID) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
