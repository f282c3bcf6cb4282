import NIOCore
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension S3Responder {
    /// Notes an answer for its bucket's access log; returns it as it is to be sent.
    ///
    /// The record of a streamed answer is made when the stream ends, since only then its bytes and time are known.
    func logged(
        _ answer: HTTPAnswer, to head: HTTPRequestHead, known: RequestTrace.State, bucket: BucketState,
        logging: LoggingConfiguration, errorCode: String?, began: Timestamp
    ) async -> HTTPAnswer {
        var record = AccessLogRecord(time: began)
        record.bucket = bucket.name
        record.bucketOwner = await self.identities.account(bucket.owner)?.canonicalID ?? ""
        record.remoteAddress = Self.withoutPort(head.remoteAddress)
        record.requester = known.principal.account?.canonicalID ?? ""
        record.requestID = answer.headers["x-amz-request-id"] ?? ""
        record.hostID = answer.headers["x-amz-id-2"] ?? ""
        record.operation = AccessLogOperation.name(of: known.operation, head: head, hasKey: known.key != nil)
        record.key = known.key
        record.requestURI = "\(head.method) \(head.target) HTTP/1.1"
        record.status = answer.status
        record.errorCode = errorCode ?? ""
        record.referrer = head.headers["referer"] ?? ""
        record.userAgent = head.headers["user-agent"] ?? ""
        record.versionID = RequestTarget(head.target)?["versionId"] ?? ""
        record.signatureVersion = known.signatureVersion
        record.authenticationType = known.authenticationType
        record.accessPoint = known.accessPoint
        record.hostHeader = head.headers["host"] ?? ""
        record.objectByteCount = Self.objectByteCount(head: head, answer: answer, hasKey: known.key != nil)
        record.turnAroundMilliseconds = max((self.service.clock.now - began).wholeMilliseconds, 0)
        record.totalMilliseconds = record.turnAroundMilliseconds

        var answer = answer
        switch answer.body {
        case .none: break
        case .bytes(let bytes): record.sentByteCount = Int64(bytes.readableBytes)
        case .stream(let byteCount, let source):
            answer.body = .stream(
                byteCount: byteCount,
                source: LoggedSource(source, record: record, bucket: bucket, logging: logging, responder: self))
            return answer
        case .chunked(let source):
            answer.body = .chunked(
                source: LoggedSource(source, record: record, bucket: bucket, logging: logging, responder: self))
            return answer
        }
        self.accessLog.append(record, owner: bucket.owner, logging: logging)
        return answer
    }

    static func withoutPort(_ address: String) -> String {
        guard let colon = address.lastIndex(of: ":"), address[..<colon].contains(".") || address.hasPrefix("[") else {
            return address
        }
        return String(address[..<colon].filter { $0 != "[" && $0 != "]" })
    }

    /// The size of the object that was read or written.
    private static func objectByteCount(head: HTTPRequestHead, answer: HTTPAnswer, hasKey: Bool) -> Int64? {
        guard hasKey, answer.status < 300 else { return nil }
        switch head.method {
        case "PUT":
            let text = head.headers["x-amz-decoded-content-length"] ?? head.headers["content-length"]
            return text.flatMap { Int64($0) }
        case "GET", "HEAD":
            if let range = answer.headers["content-range"], let slash = range.lastIndex(of: "/") {
                return Int64(range[range.index(after: slash)...])
            }
            switch answer.body {
            case .stream(let byteCount, _): return byteCount
            case .bytes(let bytes): return answer.headers.contains("etag") ? Int64(bytes.readableBytes) : nil
            case .none, .chunked: return answer.headers["content-length"].flatMap { Int64($0) }
            }
        default: return nil
        }
    }
}

/// Passes a streamed answer on, counts it, and makes its record when it ends or is given up.
private final class LoggedSource: HTTPBodySource {
    private struct State {
        var sentByteCount: Int64 = 0
        var isRecorded = false
    }

    private let source: any HTTPBodySource
    private let record: AccessLogRecord
    private let bucket: BucketState
    private let logging: LoggingConfiguration
    private let responder: S3Responder
    private let state = Mutex(State())

    init(
        _ source: any HTTPBodySource, record: AccessLogRecord, bucket: BucketState, logging: LoggingConfiguration,
        responder: S3Responder
    ) {
        self.source = source
        self.record = record
        self.bucket = bucket
        self.logging = logging
        self.responder = responder
    }

    deinit { self.finish() }

    func next() async throws -> ByteBuffer? {
        guard let chunk = try await self.source.next() else {
            self.finish()
            return nil
        }
        self.state.withLock { $0.sentByteCount += Int64(chunk.readableBytes) }
        return chunk
    }

    private func finish() {
        let sentByteCount: Int64? = self.state.withLock { state in
            if state.isRecorded { return nil }
            state.isRecorded = true
            return state.sentByteCount
        }
        guard let sentByteCount else { return }
        var record = self.record
        record.sentByteCount = sentByteCount
        let elapsed = (self.responder.service.clock.now - record.time).wholeMilliseconds
        record.totalMilliseconds = max(elapsed, record.turnAroundMilliseconds)
        self.responder.accessLog.append(record, owner: self.bucket.owner, logging: self.logging)
    }
}
