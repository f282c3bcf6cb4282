package import TernPorts

/// Where a server listens, and what it puts up with.
package struct HTTPServerConfiguration: Sendable {
    /// Where the tasks that answer requests run.
    package enum Execution: Sendable {
        /// On the event loop of the connection: no thread hop between the socket and the responder, which therefore
        /// must not block.
        case eventLoop
        /// On the concurrency runtime's own threads.
        case globalPool
    }

    package var host: String
    /// 0 takes a free port; see ``HTTPServer/port``.
    package var port: Int
    package var execution: Execution = .eventLoop
    /// Where the certificate lies; `nil` for plain HTTP.
    package var tls: TLSFiles?

    /// Connections beyond this many are answered 503 `SlowDown` and closed; over TLS, closed before the handshake.
    package var connectionLimit = 10_000
    /// The most bytes of a request line with its header fields.
    package var headerByteLimit = 16 * 1024
    /// The longest time from the first byte of a request's head to its last.
    package var headerTimeout: Duration = .seconds(20)
    /// How long a connection may stay open without a request.
    package var idleTimeout: Duration = .seconds(60)
    /// How long a responder waits for the next bytes of a body.
    package var bodyTimeout: Duration = .seconds(20)
    /// How long an answer may make no progress because the client does not read it.
    package var writeTimeout: Duration = .seconds(60)

    /// Bytes of received body that wait for the responder before the socket is no longer read.
    package var bodyBufferByteLimit = 128 * 1024
    /// Bytes of an unread body that are read and dropped to keep the connection.
    package var drainByteLimit: Int64 = 256 * 1024
    package var drainTimeout: Duration = .milliseconds(100)
    /// Bytes that are read and dropped behind the last answer of a connection, so that the client reads the answer
    /// before it sees a reset.
    package var lingerByteLimit = 4 * 1024 * 1024
    package var lingerTimeout: Duration = .seconds(2)

    /// Counts what goes through.
    package var traffic = TrafficCounts()

    package init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }
}
