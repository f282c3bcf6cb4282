import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TernCore

/// What ended a connection to a server.
struct ConnectionProblem: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A TCP connection to a server of a small text protocol: bytes out, bytes in, one reader.
///
/// It closes itself when the time that was set for an exchange is over, which ends whatever waits.
final class ServerConnection: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Throws: ``ConnectionProblem`` or an error of NIO.
    static func open(host: String, port: Int, timeout: Duration) async throws -> ServerConnection {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.milliseconds(timeout.wholeMilliseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                }
            }
            .connect(host: host, port: port).get()
        return ServerConnection(channel: channel, inbox: inbox)
    }

    /// Goes on encrypted, from the next byte in either direction on.
    func startTLS(_ configuration: TLSConfiguration, host: String) async throws {
        let context = try NIOSSLContext(configuration: configuration)
        // An address is no name that could be indicated.
        let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
        try await self.channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.addHandler(
                NIOSSLClientHandler(context: context, serverHostname: name), position: .first)
        }.get()
    }

    func write(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// The next bytes.
    ///
    /// - Throws: ``ConnectionProblem`` when there are no more.
    func read() async throws -> [UInt8] {
        let bytes = await withTaskCancellationHandler {
            await self.inbox.next()
        } onCancel: {
            self.channel.close(promise: nil)
        }
        guard let bytes else { throw ConnectionProblem(self.inbox.reason) }
        return bytes
    }

    /// Runs an exchange, which ends with the connection if it takes longer than `timeout`.
    func exchange<Result>(
        within timeout: Duration, _ body: () async throws -> Result
    ) async throws -> Result {
        let deadline = self.channel.eventLoop.scheduleTask(in: .milliseconds(timeout.wholeMilliseconds)) {
            [inbox, channel] in
            inbox.close("no answer in time")
            channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        return try await body()
    }

    /// Whether neither side has closed it.
    var isOpen: Bool { self.channel.isActive }

    func close() {
        self.channel.close(promise: nil)
    }
}

/// After this long without use, a connection is not used again: servers, and what stands between, give up idle ones.
let maximumIdleTime = TimeAmount.seconds(30)

/// Bytes that have arrived and nobody has read.
private final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var reason: String?
        var waiter: CheckedContinuation<[UInt8]?, Never>?
    }

    private let state = Mutex(State())

    /// Servers of these protocols answer in short lines; what sends more than this is none.
    static let maximumBytes = 8 << 20

    var reason: String { self.state.withLock { $0.reason ?? "closed" } }

    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let ready: [UInt8]?? = self.state.withLock { state in
                if !state.bytes.isEmpty {
                    let bytes = state.bytes
                    state.bytes = []
                    return .some(bytes)
                }
                if state.reason != nil { return .some(nil) }
                state.waiter = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// `false` when there is more than anybody reads.
    func append(_ bytes: some Sequence<UInt8>) -> Bool {
        let (waiter, all, fits) = self.state.withLock {
            state -> (CheckedContinuation<[UInt8]?, Never>?, [UInt8], Bool) in
            state.bytes.append(contentsOf: bytes)
            guard let waiter = state.waiter else { return (nil, [], state.bytes.count <= Self.maximumBytes) }
            let all = state.bytes
            state.bytes = []
            state.waiter = nil
            return (waiter, all, true)
        }
        waiter?.resume(returning: all)
        return fits
    }

    func close(_ reason: String) {
        let waiter = self.state.withLock { state in
            if state.reason == nil { state.reason = reason }
            let waiter = state.waiter
            state.waiter = nil
            return waiter
        }
        waiter?.resume(returning: nil)
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        if !self.inbox.append(buffer.readableBytesView) {
            self.inbox.close("the server sends more than it is asked")
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.inbox.close("the server closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.inbox.close("\(error)")
        context.close(promise: nil)
    }
}
