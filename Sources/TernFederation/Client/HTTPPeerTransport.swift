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
        do {
            let body = try Frames.encode(items)
            var answer = try await self.client.sendExpectingOK(.replicas, body: .bytes(body), to: region)
            return try Frames.decode(&answer.body, as: IngestResult.self)
        } catch let error as FramingError {
            throw Self.violation(error, region)
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(.networkError, "region \(region): \(error)")
        }
    }

    package func beginSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError)
        -> IngestProgress
    {
        do {
            let body = ByteBuffer(bytes: try Frames.bytes(of: replica))
            var answer = try await self.client.sendExpectingOK(.sessions, body: .bytes(body), to: region)
            return try ProgressCoding.decode(&answer.body)
        } catch let error as FramingError {
            throw Self.violation(error, region)
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(.networkError, "region \(region): \(error)")
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
        let length = segment.byteCount + IngestLimits.segmentTrailerBytes
        let answer = try await self.client.sendExpectingOK(
            .segment, query: query, body: .stream(BodySequence(source: body), length: .known(length)), to: region)
        return try Self.result(answer, region)
    }

    package func commitSession(_ replica: ReplicaRecord, to region: RegionName) async throws(TransportError)
        -> IngestResult
    {
        let body: ByteBuffer
        do { body = ByteBuffer(bytes: try Frames.bytes(of: replica)) } catch { throw Self.violation(error, region) }
        return try Self.result(try await self.client.sendExpectingOK(.commit, body: .bytes(body), to: region), region)
    }

    private static func result(_ answer: PeerAnswer, _ region: RegionName) throws(TransportError) -> IngestResult {
        do { return try Frames.message(answer.body) } catch { throw self.violation(error, region) }
    }

    private static func violation(_ error: FramingError, _ region: RegionName) -> TransportError {
        TransportError(.protocolViolation, "region \(region): \(error.message)", mayBeDueToContent: true)
    }
}

/// A body source in the shape that the HTTP client pulls from. One iteration only.
private struct BodySequence: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: any HTTPBodySource

    struct Iterator: AsyncIteratorProtocol {
        let source: any HTTPBodySource

        mutating func next() async throws -> ByteBuffer? {
            try await self.source.next()
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(source: self.source)
    }
}
