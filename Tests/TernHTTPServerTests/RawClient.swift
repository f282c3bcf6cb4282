import NIOCore
import NIOPosix
import Synchronization

/// A TCP connection that sends and receives bytes as they are, to see what no HTTP client would show.
final class RawClient: Sendable {
    struct UnexpectedEnd: Error {
        var received: String
    }

    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameter readsAtOnce: When `false`, nothing is read from the socket until the first `receive`.
    static func connect(port: Int, readsAtOnce: Bool = true) async throws -> RawClient {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: readsAtOnce)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox: inbox))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        return RawClient(channel: channel, inbox: inbox)
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Everything received so far, once `condition` holds for it. Throws when the connection ends first.
    @discardableResult
    func receive(until condition: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await self.startReading()
        return try await self.inbox.wait { text, isEnded in
            let text = text()
            return condition(text) ? .success(text) : isEnded ? .failure : nil
        }
    }

    @discardableResult
    func receive(through suffix: String) async throws -> String {
        try await self.receive { $0.contains(suffix) }
    }

    /// Everything until the server closes its side.
    func receiveToEnd() async throws -> String {
        try await self.startReading()
        return try await self.inbox.wait { text, isEnded in isEnded ? .success(text()) : nil }
    }

    /// Forgets what was received so far.
    func forget() {
        self.inbox.forget()
    }

    var receivedByteCount: Int { self.inbox.byteCount }

    func closeOutput() async throws {
        try await self.channel.close(mode: .output)
    }

    func close() async throws {
        try await self.channel.close()
    }

    private func startReading() async throws {
        do {
            try await self.channel.setOption(.autoRead, value: true).get()
        } catch ChannelError.ioOnClosedChannel {
            // Both sides have closed: all that there is has been received.
        }
    }
}

enum InboxDecision {
    case success(String)
    case failure
}

private final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isEnded = false
        var waiter:
            (
                decide: @Sendable (() -> String, Bool) -> InboxDecision?,
                continuation: CheckedContinuation<String, any Error>
            )?
    }

    private let state = Mutex(State())

    var byteCount: Int { self.state.withLock { $0.bytes.count } }

    func append(_ buffer: ByteBuffer) {
        self.change { $0.bytes.append(contentsOf: buffer.readableBytesView) }
    }

    func end() {
        self.change { $0.isEnded = true }
    }

    func forget() {
        self.change { $0.bytes.removeAll() }
    }

    func wait(_ decide: @escaping @Sendable (() -> String, Bool) -> InboxDecision?) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            self.change { $0.waiter = (decide, continuation) }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let resumption = self.state.withLock { state -> (() -> Void)? in
            body(&state)
            guard let waiter = state.waiter else { return nil }
            // The text of a large answer is built only when it is asked for.
            let bytes = state.bytes
            switch waiter.decide({ String(decoding: bytes, as: UTF8.self) }, state.isEnded) {
            case .success(let text):
                state.waiter = nil
                return { waiter.continuation.resume(returning: text) }
            case .failure:
                state.waiter = nil
                let text = String(decoding: bytes, as: UTF8.self)
                return { waiter.continuation.resume(throwing: RawClient.UnexpectedEnd(received: text)) }
            case nil:
                return nil
            }
        }
        resumption?()
    }
}

private final class InboxHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.inbox.append(self.unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { self.inbox.end() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.inbox.end()
    }
}
