import AsyncHTTPClient
import NIOCore
package import TernCore
package import TernObjects
package import TernPorts
package import TernRecords
import TernReplication

/// Brings replicas to other regions over HTTP.
package struct HTTPPeerTransport: PeerTransport {
    private let client: PeerClient

    package init(client: PeerClient) {
        self.client = client
    }

    package func deliver(_ items: [IngestItem], to region: RegionName) async throws(TransportError) -> [IngestResult] {
        try await Self.speaking(with: region) {
            let body = try Frames.encode(items)
            var answer = try await self.client.sendExpectingOK(.replicas, body: .bytes(body), to: region)
            return try Frames.decode(&answer.body, as: IngestResult.self)
        }
    }

    package func beginSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError)
        -> IngestProgress
    {
        try await Self.speaking(with: region) {
            let body = ByteBuffer(bytes: try Frames.bytes(of: replica))
            var answer = try await self.client.sendExpectingOK(.sessions, body: .bytes(body), to: region)
            return try ProgressCoding.decode(&answer.body)
        }
    }

    package func sendSegment(
        _ segment: SegmentAddress,
        body: any HTTPBodySource,
        to region: RegionName
    ) async throws(TransportError) -> IngestResult {
        let query =
            "bucket=\(segment.destinationBucket)&version=\(segment.version.wireForm)"
            + "&offset=\(segment.offset)&length=\(segment.byteCount)"
            + (segment.blockBytes == 0 ? "" : "&block=\(segment.blockBytes)")
        let length = segment.wireByteCount
        let sequence = BodySequence(source: body, line: self.client.line(to: region))
        return try await Self.speaking(with: region) {
            let answer = try await self.client.sendExpectingOK(
                .segment, query: query, body: .stream(sequence, length: .known(length)), to: region)
            return try Frames.message(answer.body)
        }
    }

    package func commitSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError)
        -> IngestResult
    {
        try await Self.speaking(with: region) {
            let body = ByteBuffer(bytes: try Frames.bytes(of: replica))
            return try Frames.message(
                try await self.client.sendExpectingOK(.commit, body: .bytes(body), to: region).body)
        }
    }

    /// Runs an exchange, and makes what is wrong with its messages an error of the transport.
    private static func speaking<Result>(
        with region: RegionName, _ exchange: () async throws -> Result
    ) async throws(TransportError) -> Result {
        do {
            return try await exchange()
        } catch let error as TransportError {
            throw error
        } catch let error as FramingError {
            throw TransportError(.protocolViolation, "region \(region): \(error.message)", mayBeDueToContent: true)
        } catch {
            throw TransportError(.networkError, "region \(region): \(error)")
        }
    }
}

/// A body source in the shape that the HTTP client pulls from, at the pace of the line. One iteration only.
private struct BodySequence: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: any HTTPBodySource
    let line: PeerLine?

    struct Iterator: AsyncIteratorProtocol {
        let source: any HTTPBodySource
        let line: PeerLine?
        private var rest = ByteBuffer()

        init(_ sequence: BodySequence) {
            self.source = sequence.source
            self.line = sequence.line
        }

        mutating func next() async throws -> ByteBuffer? {
            guard let line else { return try await self.source.next() }
            while self.rest.readableBytes == 0 {
                guard let chunk = try await self.source.next() else { return nil }
                self.rest = chunk
            }
            let length = Swift.min(line.maximumPiece, self.rest.readableBytes)
            guard let piece = self.rest.readSlice(length: length) else { return nil }
            try await line.awaitTurn(piece.readableBytes)
            return piece
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(self)
    }
}
