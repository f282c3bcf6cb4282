import TernCore
import TernPorts

/// How the bytes behind a request's head are delimited (RFC 9112 §6).
enum RequestFraming: Equatable {
    /// Exactly this many bytes; 0 when the request has no body.
    case length(Int64)
    case chunked
}

/// The head of a request, and what it means for the connection.
struct RequestHead {
    var method: String
    var target: String
    var headers: HeaderFields
    var framing: RequestFraming
    /// Whether the client is willing to send another request on this connection.
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool
    /// HTTP/1.0 clients know no chunks, and must be told that a connection stays open.
    var isHTTP10: Bool
}

/// Why bytes are not a request that the server takes. Each is answered by an error document, and ends the connection.
enum RequestRejection: Error, Equatable {
    case malformed
    case headerTooLarge(limit: Int)
    case unknownTransferCoding
    case unsupportedVersion
    /// The head did not arrive in time.
    case timedOut
    case tooManyConnections
}
