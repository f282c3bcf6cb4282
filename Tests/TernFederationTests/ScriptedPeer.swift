import NIOCore
import NIOPosix
import Synchronization

/// A region that does what a test says, byte by byte.
final class ScriptedPeer: Sendable {
    enum Reaction: Sendable {
        case wait
        case write(String)
        case writeAndClose(String)
    }

    /// What to do when bytes came: all since the last reaction, and the number of the connection, from 1.
    typealias Script = @Sendable (_ received: String, _ connection: Int) -> Reaction

    struct Record: Sendable {
        var connectionCount = 0
        var received = ""
    }

    private let channel: any Channel
    private let state: SharedRecord
    let port: Int

    /// - Parameter reads: Whether it takes anything from its connections.
    init(reads: Bool = true, _ script: @escaping Script) async throws {
        let state = SharedRecord()
        self.state = state
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: reads)
            .childChannelOption(.socketOption(.so_rcvbuf), value: 8192)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = state.connected()
                    channel.closeFuture.whenComplete { _ in state.closed.yield() }
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(script: script, number: number, state: state))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        self.port = self.channel.localAddress?.port ?? 0
    }

    var record: Record { self.state.record.withLock { $0 } }

    /// Returns when a connection is closed.
    func connectionCloses() async {
        for await _ in self.state.closures { return }
    }

    func stop() async throws {
        try await self.channel.close()
    }

    final class SharedRecord: Sendable {
        let record = Mutex(Record())
        let closures: AsyncStream<Void>
        let closed: AsyncStream<Void>.Continuation

        init() {
            (self.closures, self.closed) = AsyncStream.makeStream()
        }

        func connected() -> Int {
            self.record.withLock {
                $0.connectionCount += 1
                return $0.connectionCount
            }
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let script: Script
        private let number: Int
        private let state: SharedRecord
        private var received = ""

        init(script: @escaping Script, number: Int, state: SharedRecord) {
            self.script = script
            self.number = number
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: self.unwrapInboundIn(data))
            self.state.record.withLock { $0.received += text }
            self.received += text
            switch self.script(self.received, self.number) {
            case .wait: return
            case .write(let answer):
                context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            case .writeAndClose(let answer):
                let channel = context.channel
                context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
                    channel.close(promise: nil)
                }
            }
            self.received = ""
        }
    }
}
