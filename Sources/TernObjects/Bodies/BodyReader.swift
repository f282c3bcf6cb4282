package import Logging
package import NIOCore
import TernPorts
package import TernRecords
import TernS3Protocol
package import TernStorage

/// Reads a range of a version's body, segment by segment, at the pace of the reader.
///
/// One consumer pulls it; it is `Sendable` only because it is handed from the operation to the edge.
package actor BodyReader: HTTPBodySource {
    /// The largest chunk that ``next()`` returns.
    package static let chunkBytes = 256 * 1024

    private let metadata: any MetadataStore
    private let blobs: BlobPools
    private let partition: PartitionID
    private let logger: Logger
    private var segments: ArraySlice<BodySegment>
    private var offsetInSegment: Int64
    private var remaining: Int64
    private var reader: (any BlobReader)?
    private var prefetched: ByteBuffer?

    package init(
        segments: [BodySegment],
        range: Range<Int64>,
        metadata: any MetadataStore,
        blobs: BlobPools,
        partition: PartitionID,
        logger: Logger
    ) {
        self.metadata = metadata
        self.blobs = blobs
        self.partition = partition
        self.logger = logger
        var rest = segments[...]
        var offset = range.lowerBound
        while let first = rest.first, offset >= first.byteCount {
            offset -= first.byteCount
            rest = rest.dropFirst()
        }
        self.segments = rest
        self.offsetInSegment = offset
        self.remaining = Int64(range.count)
    }

    /// Opens the first segment, so that a version that was removed meanwhile shows before the answer begins.
    /// Throws ``StorageError/Code/notFound`` then.
    package func prepare() async throws(StorageError) {
        self.prefetched = try await self.read()
    }

    package func next() async throws -> ByteBuffer? {
        if let ready = self.prefetched {
            self.prefetched = nil
            return ready
        }
        do {
            return try await self.read()
        } catch {
            self.logger.error("body cannot be read", metadata: ["error": "\(error)"])
            throw error
        }
    }

    private func read() async throws(StorageError) -> ByteBuffer? {
        guard self.remaining > 0 else { return nil }
        guard let segment = self.segments.first else {
            throw StorageError(.damaged, "the body's segments are shorter than its size")
        }
        let wanted = min(self.remaining, segment.byteCount - self.offsetInSegment)
        let bytes: ByteBuffer
        switch segment.place {
        case .inlineID(let id):
            guard let stored = try await self.metadata.get(Keyspace.body(Array(id)), in: self.partition) else {
                throw StorageError(.notFound, "the body row is gone")
            }
            guard Int64(stored.count) == segment.byteCount else {
                throw StorageError(.damaged, "the body row has another length than its record says")
            }
            let start = Int(self.offsetInSegment)
            bytes = ByteBuffer(bytes: stored[start..<start + Int(wanted)])
        case .blobID(let id):
            bytes = try await self.readBlob(id: Array(id), wanted: wanted, segment: segment)
        case nil:
            throw StorageError(.damaged, "a segment names no place")
        }
        self.remaining -= Int64(bytes.readableBytes)
        self.offsetInSegment += Int64(bytes.readableBytes)
        if self.offsetInSegment >= segment.byteCount {
            self.segments = self.segments.dropFirst()
            self.offsetInSegment = 0
            self.reader = nil
        }
        return bytes
    }

    private func readBlob(id: [UInt8], wanted: Int64, segment: BodySegment) async throws(StorageError) -> ByteBuffer {
        let open: any BlobReader
        if let reader {
            open = reader
        } else {
            guard let blob = BlobID(id) else { throw StorageError(.damaged, "a segment names no blob") }
            open = try await self.blobs.open(blob, in: self.partition, pool: segment.pool)
            guard open.byteCount == segment.byteCount else {
                throw StorageError(.damaged, "a blob has another length than its record says")
            }
            self.reader = open
        }
        let bytes = try await open.read(at: self.offsetInSegment, maximum: Int(min(wanted, Int64(Self.chunkBytes))))
        if bytes.readableBytes == 0 { throw StorageError(.damaged, "a blob ended early") }
        return bytes
    }
}
