package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
package import TernPorts

/// An HTTP/1.1 server for an ``HTTPResponder``.
///
/// It binds first and serves later, so that a caller can learn the port, tell it to others, and build the responder
/// in between; connections made meanwhile wait.
package final class HTTPServer: Sendable {
    private let configuration: HTTPServerConfiguration
    private let channel: any Channel
    private let group: any EventLoopGroup
    private let state: SharedServerState
    private let clock: any WallClock
    private let logger: Logger

    /// The port it listens on.
    package let port: Int

    /// What went through so far.
    package var traffic: TrafficCounts { self.configuration.traffic }

    private init(
        configuration: HTTPServerConfiguration,
        channel: any Channel,
        group: any EventLoopGroup,
        state: SharedServerState,
        clock: any WallClock,
        logger: Logger
    ) {
        self.configuration = configuration
        self.channel = channel
        self.group = group
        self.state = state
        self.clock = clock
        self.logger = logger
        self.port = channel.localAddress?.port ?? configuration.port
    }

    /// Binds the address. Throws an `IOError` when it is taken or not allowed, a ``TLSFileError`` when the certificate
    /// cannot be used.
    package static func bind(
        _ configuration: HTTPServerConfiguration,
        on group: any EventLoopGroup,
        clock: any WallClock,
        logger: Logger
    ) async throws -> HTTPServer {
        let certificate = try configuration.tls?.follow(logger: logger)
        let state = SharedServerState(connectionLimit: configuration.connectionLimit, certificate: certificate)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 8192, maximum: 256 * 1024)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try state.addConnection(to: channel) }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
        return HTTPServer(
            configuration: configuration, channel: channel, group: group, state: state, clock: clock, logger: logger)
    }

    /// Begins to accept connections. Call it once.
    package func serve(_ responder: any HTTPResponder) async throws {
        let configuration = self.configuration
        let clock = self.clock
        let logger = self.logger
        var loops: [ObjectIdentifier: NIOLoopBound<ConnectionLoop>] = [:]
        for loop in self.group.makeIterator() {
            let bound = try await loop.submit {
                let shared = ConnectionLoop(
                    eventLoop: loop, configuration: configuration, responder: responder, clock: clock, logger: logger)
                shared.startSweeping()
                return NIOLoopBound(shared, eventLoop: loop)
            }.get()
            loops[ObjectIdentifier(loop)] = bound
        }
        self.state.start(loops)
        self.state.certificate?.startFollowing(on: self.group.next())
        try await self.channel.setOption(.autoRead, value: true).get()
    }

    /// Stops: accepts nothing more, lets running requests finish for at most `grace`, then cuts and cancels them.
    ///
    /// Returns when every connection is closed and every responder has returned.
    package func stop(grace: Duration) async {
        try? await self.channel.close().get()
        self.state.certificate?.stopFollowing()
        let loops = self.state.loops
        let drained = loops.map { bound in
            bound.eventLoop.flatSubmit { bound.value.stop() }
        }
        let aborts = loops.map { bound in
            bound.eventLoop.scheduleTask(in: grace.timeAmount) { bound.value.abortAll() }
        }
        for future in drained { try? await future.get() }
        for abort in aborts { abort.cancel() }
    }
}

/// What the initializer of new connections needs, which is bound before the server serves.
private final class SharedServerState: Sendable {
    private let connectionLimit: Int
    /// `nil` for plain HTTP.
    let certificate: FollowedFiles<NIOSSLContext>?
    private let openCount = Atomic<Int>(0)
    private let started: Mutex<[ObjectIdentifier: NIOLoopBound<ConnectionLoop>]> = Mutex([:])

    init(connectionLimit: Int, certificate: FollowedFiles<NIOSSLContext>?) {
        self.connectionLimit = connectionLimit
        self.certificate = certificate
    }

    func start(_ loops: [ObjectIdentifier: NIOLoopBound<ConnectionLoop>]) {
        self.started.withLock { $0 = loops }
    }

    var loops: [NIOLoopBound<ConnectionLoop>] { self.started.withLock { Array($0.values) } }

    /// Runs on the channel's loop.
    func addConnection(to channel: any Channel) throws {
        guard let shared = self.started.withLock({ $0[ObjectIdentifier(channel.eventLoop)] })?.value else {
            throw ChannelError.ioOnClosedChannel
        }
        let traffic = shared.configuration.traffic
        traffic.acceptedConnections.add()
        let isExcess = self.openCount.add(1, ordering: .relaxed).newValue > self.connectionLimit
        channel.closeFuture.whenComplete { _ in
            self.openCount.subtract(1, ordering: .relaxed)
            traffic.closedConnections.add()
        }
        let pipeline = channel.pipeline.syncOperations
        if let certificate = self.certificate {
            try pipeline.addHandler(NIOSSLServerHandler(context: certificate.value))
        }
        try pipeline.addHandler(
            HTTPConnection(shared: shared, isExcess: isExcess, isSecure: self.certificate != nil))
    }
}
