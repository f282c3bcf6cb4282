import NIOCore
import NIOHTTP1
import Synchronization
package import TernPorts

/// The lines to the other regions: which connections there are, and what is under way on them.
package final class PeerLines: Sendable {
    private let wall: any WallClock
    private let lines = Mutex<[String: PeerLine]>([:])

    package init(wall: any WallClock) {
        self.wall = wall
    }

    /// - Parameter host: As in the field `Host` of requests; as many as addresses that regions ever had.
    func line(to host: String) -> PeerLine {
        self.lines.withLock { lines in
            if let line = lines[host] { return line }
            let line = PeerLine(wall: self.wall)
            lines[host] = line
            return line
        }
    }

    /// Has a connection of the HTTP client counted, once a request says where it leads to.
    func watch(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(RequestHostHandler(lines: self), position: .after(encoder))
        }
    }
}

/// Tells the line of a connection's first request that there is this connection.
private final class RequestHostHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let lines: PeerLines

    init(lines: PeerLines) {
        self.lines = lines
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        if case .head(let head) = Self.unwrapOutboundIn(data), let host = head.headers.first(name: "host") {
            self.lines.line(to: host).add(context.channel)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}
