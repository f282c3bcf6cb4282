package import NIOCore

/// How long a forwarded request waits for the other region.
///
/// Each is about one step that makes no progress, so that a large body may take as long as it flows. They are above what
/// a busy region needs, and below the patience of clients' tools (60 s in most), which would otherwise ask again while
/// the first request still waits.
package struct ForwardingTimeouts: Sendable {
    /// For a connection.
    package var connect: TimeAmount = .seconds(2)
    /// For the handshake of TLS, which a hanging process never answers.
    package var handshake: TimeAmount = .seconds(5)
    /// For the region to take more of the request.
    package var sending: TimeAmount = .seconds(30)
    /// From the end of the request, or from its head where it waits for `100 Continue`, to the head of the answer.
    package var answer: TimeAmount = .seconds(50)
    /// In place of ``answer`` for what may rightly work for minutes before it answers: copies, and the completion of
    /// uploads.
    package var longAnswer: TimeAmount = .minutes(10)
    /// For more of the answer's body.
    package var receiving: TimeAmount = .seconds(30)
    /// How long a connection is kept for the next request. Below the idle timeout of regions, which would otherwise
    /// close a connection that is just being used again.
    package var idle: TimeAmount = .seconds(20)

    package init() {}
}
