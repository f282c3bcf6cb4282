package import NIOCore
package import TernCore

/// The head of a request, as the edge hands it to the operations: nothing of the transport shows.
package struct HTTPRequestHead: Sendable {
    /// In upper case, as received.
    package var method: String
    /// The request target as the client wrote it: path and query, percent-encoded.
    package var target: String
    package var headers: HeaderFields
    /// The peer's address, for logs.
    package var remoteAddress: String
    /// Whether the connection is encrypted.
    package var isSecure: Bool
    /// Whether a region of the federation handed the request on, as its seal proves.
    package var isHandedOn = false
    /// How long the connection was without a request before this one; `nil` for its first.
    package var pause: Duration?

    package init(
        method: String, target: String, headers: HeaderFields, remoteAddress: String = "", isSecure: Bool = false
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }
}

/// Why the bytes of a request's body stopped before its end.
package enum HTTPBodyError: Error, Hashable, Sendable {
    /// The client sent nothing for longer than the edge waits. An answer still reaches it (spec rule ERR-7:
    /// `RequestTimeout`); the connection is closed behind it.
    case timedOut
    /// The client closed its side or vanished, or the exchange is over.
    case closed
    /// The framing of a chunked body is broken.
    case malformed
}

/// The body of a request: pulled chunk by chunk, so that the sender is slowed to the pace of the reader.
///
/// Where the client waits for `100 Continue`, the edge sends it at the first call of ``next()``.
package protocol HTTPRequestBody: AnyObject, Sendable {
    /// The next bytes, or `nil` at the end of the body. Throws ``HTTPBodyError`` when the connection breaks or stalls
    /// before the end, and `CancellationError` when the task is cancelled meanwhile.
    func next() async throws -> ByteBuffer?
}

/// The answer to a request.
package struct HTTPAnswer: Sendable {
    package enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        /// `byteCount` bytes, pulled from `source` until it returns `nil`. When the source throws, the connection is
        /// cut, so that the client cannot take a part for the whole.
        case stream(byteCount: Int64, source: any HTTPBodySource)
        /// As `stream`, of a length that is not known in advance.
        case chunked(source: any HTTPBodySource)
    }

    package var status: Int
    package var headers: HeaderFields
    package var body: Body
    /// Whether the connection must be closed behind this answer.
    package var closesConnection: Bool

    package init(
        status: Int, headers: HeaderFields = HeaderFields(), body: Body = .none, closesConnection: Bool = false
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
    }
}

/// Where a streamed answer comes from.
package protocol HTTPBodySource: AnyObject, Sendable {
    func next() async throws -> ByteBuffer?
}

/// What an edge serves.
package protocol HTTPResponder: Sendable {
    /// Answers one request. Errors are answers: this never throws.
    ///
    /// A body that was not read to its end is drained, if little is left, or else the connection is closed.
    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer
}
