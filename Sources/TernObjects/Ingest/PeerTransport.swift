package import TernCore
package import TernPorts
package import TernRecords
package import TernReplication

/// Why nothing, or nothing understandable, came back from another region.
package struct TransportError: Error, Sendable {
    /// Callers decide on this and on nothing else.
    package var cause: DeliveryCause
    /// For people.
    package var message: String
    /// Whether the failure may be due to what was sent: the request was under way, or was answered with an error. Not
    /// so when no connection came about.
    package var mayBeDueToContent: Bool

    package init(_ cause: DeliveryCause, _ message: String, mayBeDueToContent: Bool = false) {
        self.cause = cause
        self.message = message
        self.mayBeDueToContent = mayBeDueToContent
    }
}

extension TransportError: CustomStringConvertible {
    package var description: String { self.message }
}

/// Brings replicas to another region. Every call may be repeated: the receiver is idempotent.
package protocol PeerTransport: Sendable {
    /// Delivers small items; returns one result for each, in their order.
    ///
    /// At most ``IngestLimits/itemsPerRequest`` of them, of ``IngestLimits/bytesPerRequest`` in all.
    func deliver(_ items: [IngestItem], to region: RegionName) async throws(TransportError) -> [IngestResult]

    /// Opens, or finds again, the session for a large replica.
    func beginSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError) -> IngestProgress

    /// Sends one segment of a large replica: `body` yields its bytes, with the CRC64NVME of all so far, 8 bytes, big-endian,
    /// behind each block and behind the last byte.
    func sendSegment(
        _ segment: SegmentAddress,
        body: any HTTPBodySource,
        to region: RegionName
    ) async throws(TransportError) -> IngestResult

    /// Makes the replica visible, once all its segments have arrived.
    func commitSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError) -> IngestResult
}

/// The sizes that both ends of a delivery keep to.
package enum IngestLimits {
    package static let itemsPerRequest = 256
    package static let bytesPerRequest = 8 * 1024 * 1024
    /// Of one item's body.
    package static let bytesPerItem = 1024 * 1024
    /// Of one item's record: 1,024 bytes of key, 2 KB of metadata, tags, and room for a multipart object's parts.
    package static let recordBytesPerItem = 4 * 1024 * 1024
    /// Of one segment of a large replica.
    package static let bytesPerSegment: Int64 = 32 * 1024 * 1024
    /// Bytes of the checksum behind a block of a segment.
    package static let segmentTrailerBytes: Int64 = 8
    /// The most bytes of a block: a receiver keeps one in memory until it has its checksum.
    package static let bytesPerBlock: Int64 = 1024 * 1024
}

/// One segment of a large replica.
package struct SegmentAddress: Sendable, Hashable {
    package var destinationBucket: String
    package var version: VersionID
    /// In the whole object.
    package var offset: Int64
    package var byteCount: Int64
    /// Bytes that are sent: more than ``byteCount`` where they travel sealed.
    package var sentByteCount: Int64
    /// Of the bytes that are sent: behind so many of them there is a checksum, and if the segment breaks off, the blocks
    /// that have come are kept. 0 where the whole segment is one block, of which nothing is kept.
    package var blockBytes: Int64 = 0

    /// The bytes that are sent with their checksums.
    package var wireByteCount: Int64 {
        let blocks =
            self.blockBytes == 0 ? 1 : (self.sentByteCount + self.blockBytes - 1) / self.blockBytes
        return self.sentByteCount + blocks * IngestLimits.segmentTrailerBytes
    }

    package init(destinationBucket: String, version: VersionID, offset: Int64, byteCount: Int64) {
        self.destinationBucket = destinationBucket
        self.version = version
        self.offset = offset
        self.byteCount = byteCount
        self.sentByteCount = byteCount
    }
}

/// What a destination has of a large replica.
package struct IngestProgress: Sendable, Hashable {
    /// `done` when segments may be sent.
    package var result: IngestResult
    /// Whether the whole version is there: nothing needs to be sent.
    package var isComplete: Bool
    /// The segments that have arrived, in order.
    package var arrived: [Range<Int64>]
    /// Whether it takes segments in blocks; builds before there were blocks do not.
    package var takesBlocks = true

    package init(result: IngestResult, isComplete: Bool = false, arrived: [Range<Int64>] = []) {
        self.result = result
        self.isComplete = isComplete
        self.arrived = arrived
    }
}
