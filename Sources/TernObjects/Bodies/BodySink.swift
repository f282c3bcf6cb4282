import FoundationEssentials
import NIOCore
import TernStorage

/// How the bytes of a segment are to be sealed.
struct SegmentSealing: Sendable {
    var cipher: BodyCipher
    /// Empty where the data key is for this segment alone.
    var salt: Data

    /// For the only segment of a body whose data key is fresh.
    static func whole(_ cipher: BodyCipher?) -> SegmentSealing? {
        cipher.map { SegmentSealing(cipher: $0, salt: Data()) }
    }

    /// For one of many segments under one data key.
    static func shared(_ cipher: BodyCipher?) -> SegmentSealing? {
        cipher.map { SegmentSealing(cipher: $0, salt: BodyCipher.makeSalt()) }
    }
}

/// Where the bytes of one segment of a body go: they stay in memory while they are few, and stream into a blob
/// otherwise; sealed, where the body is encrypted.
struct BodySink: Sendable {
    /// What was stored, and is not named by any record yet.
    struct Stored: Sendable {
        var inline: [UInt8]?
        var blob: BlobID?
    }

    private let blobs: BlobPools
    private let partition: PartitionID
    private let pool: String
    private let inlineThresholdBytes: Int
    private var sealer: SegmentSealer?
    private var small = ByteBuffer()
    private var writer: (any BlobWriter)?

    init(
        blobs: BlobPools, partition: PartitionID, pool: String, inlineThresholdBytes: Int, sealing: SegmentSealing?
    ) {
        self.blobs = blobs
        self.partition = partition
        self.pool = pool
        self.inlineThresholdBytes = inlineThresholdBytes
        self.sealer = sealing.map { SegmentSealer($0.cipher.segment(salt: $0.salt)) }
    }

    mutating func write(_ chunk: ByteBuffer) async throws(StorageError) {
        if let writer { return try await self.send(chunk, to: writer) }
        if self.small.readableBytes + chunk.readableBytes <= self.inlineThresholdBytes {
            self.small.writeImmutableBuffer(chunk)
            return
        }
        let started = try await self.blobs.makeWriter(in: self.partition, pool: self.pool)
        self.writer = started
        if self.small.readableBytes > 0 { try await self.send(self.small, to: started) }
        self.small = ByteBuffer()
        try await self.send(chunk, to: started)
    }

    private mutating func send(_ chunk: ByteBuffer, to writer: any BlobWriter) async throws(StorageError) {
        guard let sealed = try self.sealer?.seal(chunk) else { return try await writer.write(chunk) }
        if sealed.readableBytes > 0 { try await writer.write(sealed) }
    }

    /// Makes what was written durable, or hands it over where it is few. No other call may follow.
    mutating func finish() async throws(StorageError) -> Stored {
        guard let writer else {
            guard self.sealer != nil else { return Stored(inline: Array(self.small.readableBytesView)) }
            var sealed = try self.sealer?.seal(self.small) ?? ByteBuffer()
            if var rest = try self.sealer?.finish() { sealed.writeBuffer(&rest) }
            return Stored(inline: Array(sealed.readableBytesView))
        }
        if let rest = try self.sealer?.finish(), rest.readableBytes > 0 { try await writer.write(rest) }
        return Stored(blob: try await writer.finish())
    }

    /// Removes what was written.
    func discard() async { await self.writer?.discard() }
}

extension ObjectService {
    /// A sink for one segment of a body in a bucket's partition.
    func sink(into partition: PartitionID, pool: String, sealing: SegmentSealing?) -> BodySink {
        BodySink(
            blobs: self.blobs, partition: partition, pool: pool,
            inlineThresholdBytes: self.options.inlineThresholdBytes, sealing: sealing)
    }
}
