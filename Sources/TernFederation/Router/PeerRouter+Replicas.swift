import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords

extension PeerRouter {
    /// Items that are taken in together: enough to share a commit, few enough to bound memory.
    private static let itemsTogether = 128
    private static let bytesTogether = 2 * 1024 * 1024

    func takeReplicas(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        var reader = ItemReader(body)
        var results: [IngestResult] = []
        var waiting: [IngestItem] = []
        var bytes = 0
        while let item = try await reader.next() {
            waiting.append(item)
            bytes += item.body.readableBytes
            if waiting.count >= Self.itemsTogether || bytes >= Self.bytesTogether {
                results.append(contentsOf: await self.service.ingest(waiting))
                waiting = []
                bytes = 0
            }
        }
        if !waiting.isEmpty { results.append(contentsOf: await self.service.ingest(waiting)) }
        return Self.binary(try Frames.encode(results))
    }

    func beginSession(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        let replica = try await self.message(body, as: ReplicaRecord.self)
        return Self.binary(try ProgressCoding.encode(await self.service.beginIngest(replica)))
    }

    func takeSegment(_ target: RequestTarget, _ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        guard let bucket = target["bucket"], let version = target["version"].flatMap({ VersionID(wireForm: $0) }),
            let offset = target["offset"].flatMap({ Int64($0) }), let length = target["length"].flatMap({ Int64($0) })
        else { throw FramingError("a segment needs bucket, version, offset and length") }
        var address = SegmentAddress(destinationBucket: bucket, version: version, offset: offset, byteCount: length)
        if let text = target["block"] {
            guard let block = Int64(text), (1...IngestLimits.bytesPerBlock).contains(block) else {
                throw FramingError("the blocks of a segment have 1 to \(IngestLimits.bytesPerBlock) bytes")
            }
            address.blockBytes = block
        }
        let result = await self.service.ingestSegment(address, body: RequestBodySource(body))
        return Self.binary(ByteBuffer(bytes: try Frames.bytes(of: result)))
    }

    func commitSession(_ body: any HTTPRequestBody) async throws -> HTTPAnswer {
        let replica = try await self.message(body, as: ReplicaRecord.self)
        let result = await self.service.commitIngest(replica)
        return Self.binary(ByteBuffer(bytes: try Frames.bytes(of: result)))
    }
}

/// A request's body as a source for the object service.
private final class RequestBodySource: HTTPBodySource {
    private let body: any HTTPRequestBody

    init(_ body: any HTTPRequestBody) {
        self.body = body
    }

    func next() async throws -> ByteBuffer? {
        try await self.body.next()
    }
}
