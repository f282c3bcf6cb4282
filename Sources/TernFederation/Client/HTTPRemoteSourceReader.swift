import NIOCore
package import TernCore
package import TernObjects
import TernPorts
import TernRecords
import TernReplication
package import TernS3Protocol

/// Reads versions in other regions by requests of the federation.
package struct HTTPRemoteSourceReader: RemoteSourceReader {
    private let client: PeerClient

    package init(client: PeerClient) {
        self.client = client
    }

    package func open(
        _ request: RemoteSourceRequest, in region: RegionName
    ) async throws(S3Error) -> RemoteSource {
        do {
            let answer = try await self.client.open(.source, query: SourceQuery(request).text, to: region)
            switch answer.headers[SourceRefusal.header].flatMap({ SourceRefusal(rawValue: $0) }) {
            case .noSuchBucket: throw S3Error.noSuchBucket(request.bucket)
            case .accessDenied: throw S3Error.accessDenied(try await answer.text())
            case .encrypted:
                let lines = try await answer.text().split(separator: "\n", maxSplits: 1)
                guard lines.count == 2, lines[0] != S3Error.notImplemented.code else {
                    throw S3Error.customerKeyElsewhere
                }
                throw S3Error(code: String(lines[0]), status: answer.status, message: String(lines[1]))
            case nil: break
            }
            guard answer.status == 200 else {
                throw TransportError(
                    .protocolViolation, "region \(region) answers \(answer.status): \(try await answer.text())")
            }
            let bucket: BucketRecord = try Frames.message(
                try await answer.body.frame(limit: IngestLimits.recordBytesPerItem))
            let frame = try await answer.body.frame(limit: IngestLimits.recordBytesPerItem)
            guard frame.readableBytes > 0 else {
                return RemoteSource(bucket: bucket, version: nil, body: RemoteBody(answer.body, byteCount: 0, region))
            }
            let version: VersionRecord = try Frames.message(frame)
            let byteCount = version.isDeleteMarker ? 0 : Int64(request.bytes(of: version).count)
            return RemoteSource(
                bucket: bucket, version: version, body: RemoteBody(answer.body, byteCount: byteCount, region))
        } catch let error as S3Error {
            throw error
        } catch {
            throw S3Error.sourceRegionUnavailable(region, "\(error)")
        }
    }
}

/// The bytes of a version on their way from another region: all that were asked for, or an error.
private actor RemoteBody: HTTPBodySource {
    private let stream: ResponseStream
    private let region: RegionName
    private var remaining: Int64

    init(_ stream: ResponseStream, byteCount: Int64, _ region: RegionName) {
        self.stream = stream
        self.region = region
        self.remaining = byteCount
    }

    func next() async throws -> ByteBuffer? {
        let chunk: ByteBuffer?
        do {
            chunk = try await self.stream.next()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw S3Error.sourceRegionUnavailable(self.region, "\(error)")
        }
        self.remaining -= Int64(chunk?.readableBytes ?? 0)
        guard self.remaining >= 0, chunk != nil || self.remaining == 0 else {
            throw S3Error.sourceRegionUnavailable(self.region, "it sent another number of bytes than it announced")
        }
        return chunk
    }
}

extension S3Error {
    fileprivate static func sourceRegionUnavailable(_ region: RegionName, _ why: String) -> S3Error {
        S3Error(
            code: "ServiceUnavailable", status: 503,
            message: "The copy source cannot be read from its region \(region). Please retry. (\(why))")
    }
}
