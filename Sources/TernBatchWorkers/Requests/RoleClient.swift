import NIOCore
import Synchronization
import TernCore
import TernPorts
import TernS3Protocol

/// An answer to a request in a role's name that is no success.
struct RoleRequestFailure: Error, Hashable, Sendable {
    var status: Int
    /// S3's code.
    var code: String
    var message: String

    /// An answer to HEAD has no document; its status says what GET's would.
    static func withoutDocument(_ status: Int, ofVersion isOfVersion: Bool) -> RoleRequestFailure {
        let (code, message) =
            switch status {
            case 400: ("InvalidRequest", "The object cannot be read with this request.")
            case 403: ("AccessDenied", "Access Denied")
            case 404 where isOfVersion: ("NoSuchVersion", "The specified version does not exist.")
            case 404: ("NoSuchKey", "The specified key does not exist.")
            case 405: ("MethodNotAllowed", "The specified method is not allowed against this resource.")
            case 500: ("InternalError", "We encountered an internal error. Please try again.")
            case 503: ("ServiceUnavailable", "Please reduce your request rate.")
            default: ("\(status)", "")
            }
        return RoleRequestFailure(status: status, code: code, message: message)
    }
}

/// Makes S3 requests in the name of a job's role, inside the process: authorized, and answered, like a client's.
struct RoleClient: Sendable {
    let responder: any RoleRequestResponder
    let principal: Principal

    /// The longest document that is read whole, in bytes.
    private static let maximumDocumentBytes = 64 << 20

    /// One request.
    struct Request: Sendable {
        var method: String
        var bucket: String
        var key: ObjectKey?
        /// Encoded, without `?`.
        var query = ""
        var headers = HeaderFields()
        var body: [UInt8]?

        init(_ method: String, bucket: String, key: ObjectKey? = nil) {
            self.method = method
            self.bucket = bucket
            self.key = key
        }

        fileprivate var target: String {
            var text = Array("/\(self.bucket)".utf8)
            if let key = self.key {
                text.append(UInt8(ascii: "/"))
                PercentEncoding.appendEncoded(key.bytes, keepingSlash: true, to: &text)
            }
            if !self.query.isEmpty {
                text.append(UInt8(ascii: "?"))
                text.append(contentsOf: self.query.utf8)
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// A successful answer.
    struct Response: Sendable {
        var status: Int
        var headers: HeaderFields
        var body: HTTPAnswer.Body
    }

    /// - Throws: What S3 refuses it for.
    func send(_ request: Request) async throws(RoleRequestFailure) -> Response {
        var headers = request.headers
        if let body = request.body { headers.set("content-length", String(body.count)) }
        let head = HTTPRequestHead(method: request.method, target: request.target, headers: headers, isSecure: true)
        let answer = await self.responder.respond(
            to: head, body: BytesBody(request.body ?? []), as: self.principal)
        guard (200..<300).contains(answer.status) else { throw await Self.failure(answer, of: request) }
        return Response(status: answer.status, headers: answer.headers, body: answer.body)
    }

    /// Sends and reads the whole answer.
    func document(_ request: Request) async throws(RoleRequestFailure) -> (headers: HeaderFields, bytes: [UInt8]) {
        let response = try await self.send(request)
        return (response.headers, try await Self.bytes(response.body))
    }

    static func bytes(_ body: HTTPAnswer.Body) async throws(RoleRequestFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        let reader = BodyPieces(body)
        while let piece = try await reader.next() {
            bytes.append(contentsOf: piece.readableBytesView)
            if bytes.count > Self.maximumDocumentBytes {
                throw RoleRequestFailure(status: 400, code: "EntityTooLarge", message: "The document is too large.")
            }
        }
        return bytes
    }

    private static func failure(_ answer: HTTPAnswer, of request: Request) async -> RoleRequestFailure {
        let document: [UInt8]
        do throws(RoleRequestFailure) {
            document = try await self.bytes(answer.body)
        } catch {
            return error
        }
        guard let node = try? XMLParser.parse(document), let code = node.text(of: "Code") else {
            return .withoutDocument(answer.status, ofVersion: request.query.contains("versionId="))
        }
        return RoleRequestFailure(status: answer.status, code: code, message: node.text(of: "Message") ?? "")
    }
}

/// The body of an answer, piece by piece.
struct BodyPieces: Sendable {
    private enum Source: Sendable {
        case bytes(BytesBody)
        case stream(any HTTPBodySource)
    }

    private let source: Source

    init(_ body: HTTPAnswer.Body) {
        switch body {
        case .none: self.source = .bytes(BytesBody([]))
        case .bytes(let buffer): self.source = .bytes(BytesBody(buffer))
        case .stream(_, let source), .chunked(let source): self.source = .stream(source)
        }
    }

    /// `nil` at the end. A body that cannot be read to its end is an internal error, which passes.
    func next() async throws(RoleRequestFailure) -> ByteBuffer? {
        do {
            switch self.source {
            case .bytes(let bytes): return bytes.take()
            case .stream(let source): return try await source.next()
            }
        } catch {
            throw RoleRequestFailure(status: 500, code: "InternalError", message: "the body cannot be read: \(error)")
        }
    }
}

/// A body that is in memory.
final class BytesBody: HTTPRequestBody {
    private let rest: Mutex<ByteBuffer?>

    init(_ bytes: [UInt8]) {
        self.rest = Mutex(bytes.isEmpty ? nil : ByteBuffer(bytes: bytes))
    }

    init(_ buffer: ByteBuffer) {
        self.rest = Mutex(buffer.readableBytes == 0 ? nil : buffer)
    }

    func take() -> ByteBuffer? {
        self.rest.withLock { rest in
            defer { rest = nil }
            return rest
        }
    }

    func next() async throws -> ByteBuffer? { self.take() }
}
