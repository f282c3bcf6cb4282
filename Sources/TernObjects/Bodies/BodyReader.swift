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
    private let cipher: BodyCipher?
    private let logger: Logger
    private var segments: ArraySlice<BodySegment>
    private var offsetInSegment: Int64
    private var remaining: Int64
    private var reader: (any BlobReader)?
    /// The segment that is being read, of an encrypted body.
    private var sealed: SealedSegment?
    private var prefetched: ByteBuffer?

    /// - Parameter cipher: What opens an encrypted body; `nil` for bytes that are returned as they lie.
    package init(
        segments: [BodySegment],
        range: Range<Int64>,
        cipher: BodyCipher?,
        metadata: any MetadataStore,
        blobs: BlobPools,
        partition: PartitionID,
        logger: Logger
    ) {
        self.cipher = cipher
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
            bytes = try segment.bytes(
                self.offsetInSegment..<self.offsetInSegment + wanted, ofStored: stored, cipher: self.cipher)
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
            self.sealed = nil
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
            let sealed = self.cipher.map { SealedSegment(segment, cipher: $0) }
            guard open.byteCount == sealed?.storedByteCount ?? segment.byteCount else {
                throw StorageError(.damaged, "a blob has another length than its record says")
            }
            self.reader = open
            self.sealed = sealed
        }
        guard let sealed else {
            let bytes = try await open.read(at: self.offsetInSegment, maximum: Int(min(wanted, Int64(Self.chunkBytes))))
            if bytes.readableBytes == 0 { throw StorageError(.damaged, "a blob ended early") }
            return bytes
        }
        let range = sealed.storedRange(from: self.offsetInSegment, maximum: min(wanted, Int64(Self.chunkBytes)))
        let stored = try await Self.read(range, of: open)
        let plain = self.offsetInSegment..<self.offsetInSegment + wanted
        let bytes = try sealed.open(stored, at: range.lowerBound, wanted: plain)
        if bytes.readableBytes == 0 { throw StorageError(.damaged, "a blob ended early") }
        return bytes
    }

    /// All bytes of a range, which a blob may give in pieces.
    private static func read(_ range: Range<Int64>, of blob: any BlobReader) async throws(StorageError) -> ByteBuffer {
        var bytes = ByteBuffer()
        var offset = range.lowerBound
        while offset < range.upperBound {
            var piece = try await blob.read(at: offset, maximum: Int(range.upperBound - offset))
            if piece.readableBytes == 0 { throw StorageError(.damaged, "a blob ended early") }
            offset += Int64(piece.readableBytes)
            if bytes.readableBytes == 0 { bytes = piece } else { bytes.writeBuffer(&piece) }
        }
        return bytes
    }
}

extension BodySegment {
    /// Bytes of a segment that is kept in a row.
    func bytes(
        _ range: Range<Int64>, ofStored stored: [UInt8], cipher: BodyCipher?
    ) throws(StorageError) -> ByteBuffer {
        let sealed = cipher.map { SealedSegment(self, cipher: $0) }
        guard Int64(stored.count) == sealed?.storedByteCount ?? self.byteCount, range.upperBound <= self.byteCount
        else {
            throw StorageError(.damaged, "the body row has another length than its record says")
        }
        guard let sealed else { return ByteBuffer(bytes: stored[Int(range.lowerBound)..<Int(range.upperBound)]) }
        let chunks = sealed.storedRange(of: range)
        let opened = stored.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try sealed.open(
                    UnsafeRawBufferPointer(rebasing: bytes[Int(chunks.lowerBound)..<Int(chunks.upperBound)]),
                    at: chunks.lowerBound, wanted: range)
            }
        }
        return try opened.get()
    }
}
