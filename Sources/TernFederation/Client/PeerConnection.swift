import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import TernCore

/// A connection to another region, for one forwarded request at a time.
///
/// One task writes the request while another waits for the answer, which may come before the request is sent. Both go at
/// the pace of the slower side: a write waits until the socket takes more, and the socket is read only for a reader.
final class PeerConnection: Sendable {
    let region: RegionName
    /// What the other side was believed by; `nil` for plain HTTP.
    let trust: NIOSSLContext?
    let channel: any Channel
    private let handler: NIOLoopBound<PeerConnectionHandler>

    /// Call it on the channel's loop.
    init(region: RegionName, trust: NIOSSLContext?, channel: any Channel, handler: PeerConnectionHandler) {
        self.region = region
        self.trust = trust
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Returns when the handshake of TLS is done; at once for plain HTTP.
    func ready() async throws {
        try await self.channel.eventLoop.flatSubmit { self.handler.value.ready }.get()
    }

    /// Writes a part of the request, and waits until the region took enough for the next.
    ///
    /// Cancelling the task stops the request for good; its answer can still be read.
    func send(_ part: HTTPClientRequestPart) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.onLoop { $0.write(part, continuation) }
            }
        } onCancel: {
            self.onLoop { $0.stopSending() }
        }
    }

    /// The next part of the answer. Cancelling the task closes the connection.
    func next() async throws -> HTTPClientResponsePart {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.onLoop { $0.read(continuation) }
            }
        } onCancel: {
            self.close()
        }
    }

    /// The head that comes next, of an interim answer or the final one.
    func head() async throws -> HTTPResponseHead {
        guard case .head(let head) = try await self.next() else { throw PeerConnectionError.unexpected }
        return head
    }

    /// How long each part of the answer may be waited for from now on; `nil` for no limit.
    func limitWaiting(_ limit: TimeAmount?) {
        self.onLoop { $0.limitWaiting(limit) }
    }

    /// Keeps the connection for another request, until the region closes it or `limit` is over.
    func becomeIdle(limit: TimeAmount) {
        self.onLoop { $0.becomeIdle(limit: limit) }
    }

    /// Takes the connection for another request; whether it can be used.
    func revive() async -> Bool {
        (try? await self.channel.eventLoop.submit { self.handler.value.revive() }.get()) ?? false
    }

    /// Whether a byte of an answer came since the connection was taken.
    func hasReceived() async -> Bool {
        (try? await self.channel.eventLoop.submit { self.handler.value.hasReceived }.get()) ?? true
    }

    func close() {
        self.onLoop { $0.fail(PeerConnectionError.closed) }
    }

    private func onLoop(_ body: @escaping @Sendable (PeerConnectionHandler) -> Void) {
        if self.channel.eventLoop.inEventLoop {
            body(self.handler.value)
        } else {
            self.channel.eventLoop.execute { body(self.handler.value) }
        }
    }
}

/// Why a connection to another region is of no more use.
enum PeerConnectionError: Error, CustomStringConvertible {
    case closed
    /// The region did not do in time what the text says.
    case timedOut(String)
    /// Bytes that are no part of an answer that is waited for.
    case unexpected

    var description: String {
        switch self {
        case .closed: "it closed the connection"
        case .timedOut(let what): "it did not \(what) in time"
        case .unexpected: "it does not speak HTTP as a region does"
        }
    }
}

/// The part of ``PeerConnection`` that lives on the event loop.
final class PeerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let sendingLimit: TimeAmount
    private let isSecure: Bool
    private var context: ChannelHandlerContext?
    private var readiness: EventLoopPromise<Void>?
    private var readyTimer: Scheduled<Void>?
    let ready: EventLoopFuture<Void>
    /// Received and not yet taken: at most what one read of the socket brings.
    private var parts = CircularBuffer<HTTPClientResponsePart>()
    private var reader: CheckedContinuation<HTTPClientResponsePart, any Error>?
    private var readLimit: TimeAmount?
    private var readTimer: Scheduled<Void>?
    private var isReading = false
    private var writer: CheckedContinuation<Void, any Error>?
    private var writeTimer: Scheduled<Void>?
    private var isSendingStopped = false
    private var idleTimer: Scheduled<Void>?
    private var isIdle = false
    private var failure: (any Error)?
    /// Whether a byte came for the request that is under way.
    fileprivate(set) var hasReceived = false

    init(timeouts: ForwardingTimeouts, isSecure: Bool, loop: any EventLoop) {
        self.sendingLimit = timeouts.sending
        self.isSecure = isSecure
        guard isSecure else {
            self.ready = loop.makeSucceededVoidFuture()
            return
        }
        let readiness = loop.makePromise(of: Void.self)
        self.readiness = readiness
        self.ready = readiness.futureResult
        self.readyTimer = self.timer(timeouts.handshake, on: loop, "end the handshake of TLS")
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        // The handshake is read too.
        if self.readiness != nil { self.readSocket() }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = self.unwrapInboundIn(data)
        if self.isIdle {
            self.fail(PeerConnectionError.unexpected)
        } else if let reader = self.reader {
            self.reader = nil
            self.readTimer?.cancel()
            reader.resume(returning: part)
        } else {
            self.parts.append(part)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        if self.reader != nil || self.isIdle { self.readSocket() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.resumeWriter(.success(())) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            self.readyTimer?.cancel()
            self.readiness?.succeed()
            self.readiness = nil
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(PeerConnectionError.closed)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.fail(PeerConnectionError.closed)
        self.context = nil
    }

    /// Ends the connection; what was received before can still be read. The first reason is the one that is told.
    func fail(_ error: any Error) {
        guard self.failure == nil else { return }
        self.failure = error
        for timer in [self.readyTimer, self.readTimer, self.writeTimer, self.idleTimer] { timer?.cancel() }
        self.readiness?.fail(error)
        self.readiness = nil
        let reader = self.reader
        self.reader = nil
        reader?.resume(throwing: error)
        self.resumeWriter(.failure(error))
        guard let context = self.context else { return }
        // The TLS handler is passed by: it would wait for the other side's consent.
        if self.isSecure,
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)
        {
            tls.close(promise: nil)
        } else {
            context.close(promise: nil)
        }
    }

    private func timer(_ limit: TimeAmount, on loop: any EventLoop, _ what: String) -> Scheduled<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return loop.scheduleTask(in: limit) { bound.value.fail(PeerConnectionError.timedOut(what)) }
    }

    // MARK: Reading

    func read(_ continuation: CheckedContinuation<HTTPClientResponsePart, any Error>) {
        if let part = self.parts.popFirst() {
            continuation.resume(returning: part)
        } else if let failure = self.failure {
            continuation.resume(throwing: failure)
        } else {
            self.reader = continuation
            self.startReadTimer()
            self.readSocket()
        }
    }

    func limitWaiting(_ limit: TimeAmount?) {
        self.readLimit = limit
        self.readTimer?.cancel()
        if self.reader != nil { self.startReadTimer() }
    }

    private func startReadTimer() {
        guard let limit = self.readLimit, let context = self.context else { return }
        self.readTimer = self.timer(limit, on: context.eventLoop, "answer")
    }

    private func readSocket() {
        guard !self.isReading, let context = self.context else { return }
        self.isReading = true
        context.read()
    }

    // MARK: Writing

    func write(_ part: HTTPClientRequestPart, _ continuation: CheckedContinuation<Void, any Error>) {
        guard let context = self.context, self.failure == nil, !self.isSendingStopped else {
            continuation.resume(throwing: self.failure ?? CancellationError())
            return
        }
        context.writeAndFlush(self.wrapOutboundOut(part), promise: nil)
        // The write may have failed the connection at once.
        if context.channel.isWritable || self.failure != nil {
            continuation.resume()
        } else {
            self.writer = continuation
            self.writeTimer = self.timer(self.sendingLimit, on: context.eventLoop, "take more of the request")
        }
    }

    func stopSending() {
        self.isSendingStopped = true
        self.resumeWriter(.failure(CancellationError()))
    }

    private func resumeWriter(_ result: Result<Void, any Error>) {
        let writer = self.writer
        self.writer = nil
        self.writeTimer?.cancel()
        writer?.resume(with: result)
    }

    // MARK: Between requests

    func becomeIdle(limit: TimeAmount) {
        guard self.failure == nil, let context = self.context else { return }
        guard self.parts.isEmpty, !self.isSendingStopped else { return self.fail(PeerConnectionError.unexpected) }
        self.isIdle = true
        self.idleTimer = self.timer(limit, on: context.eventLoop, "get another request")
        // Tells when the region closes the connection.
        self.readSocket()
    }

    func revive() -> Bool {
        self.isIdle = false
        self.idleTimer?.cancel()
        self.readLimit = nil
        self.hasReceived = false
        return self.failure == nil
    }
}

/// Notes that bytes come, in front of the decoder: half of an answer's head is never shown behind it.
final class ReceivedBytesHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: PeerConnectionHandler

    init(telling handler: PeerConnectionHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.handler.hasReceived = true
        context.fireChannelRead(data)
    }
}
