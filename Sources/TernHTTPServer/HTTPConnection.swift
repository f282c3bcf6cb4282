import Logging
import NIOCore
import NIOTLS
import TernCore
import TernPorts

/// One connection: takes requests off the bytes received, one after the other, and writes their answers in order.
///
/// Lives on its event loop. A request is answered by a task that belongs to the connection: it is cancelled when the
/// channel closes, and the connection counts as ended only when the task has returned.
///
/// ```
/// readingHead ─head complete─► exchanging ─answered, body read─► readingHead
///      │                           │ answered, the rest of the body is small: draining ─read─► readingHead
///      └─rejected─► closing ◄──────┴─last answer of the connection
///                      │ flushed: lingering (output closed, input dropped) ─end of input, or enough─► closed
/// ```
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case readingHead
        case exchanging(Exchange)
        /// The exchange was answered; the rest of its body is dropped to keep the connection.
        case draining(Exchange, byteBudget: Int64)
        /// The last answer is being flushed.
        case closing
        /// The output is closed; input is dropped until the client has read the answer.
        case lingering(byteBudget: Int)
        case closed
    }

    let shared: ConnectionLoop
    /// Whether the server has connections enough without this one.
    let isExcess: Bool
    /// Whether a TLS handler stands between this one and the socket.
    let isSecure: Bool
    /// Whether nothing can be written yet, because the TLS handshake is not done.
    var isShakingHands: Bool
    var context: ChannelHandlerContext?
    var phase = Phase.readingHead
    var parser: RequestHeadParser
    /// Bytes received and not yet understood.
    var received = ByteBuffer()
    var remoteAddress = ""
    var isReading = false
    var isProcessing = false
    var isInputClosed = false
    /// Tasks of this connection that have not returned. At most one answers; one that was cut off may still unwind.
    var runningTaskCount = 0
    var exchangeCount: UInt64 = 0
    var answerBuffer = ByteBuffer()
    var timer: Scheduled<Void>?
    var writeWaiter: CheckedContinuation<Void, any Error>?
    /// When the latest answer was written.
    var answered: NIODeadline?

    /// When the sweep calls ``deadlinePassed(_:)``.
    var deadline = NIODeadline.distantFuture

    init(shared: ConnectionLoop, isExcess: Bool, isSecure: Bool) {
        self.shared = shared
        self.isExcess = isExcess
        self.isSecure = isSecure
        self.isShakingHands = isSecure
        self.parser = RequestHeadParser(byteLimit: shared.configuration.headerByteLimit)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        self.remoteAddress = context.channel.remoteAddress?.ipAddress ?? ""
        self.shared.opened(self)
        self.deadline = .now() + self.shared.configuration.idleTimeout.timeAmount
        context.fireChannelActive()
        if self.shared.isStopping {
            self.abort()
        } else if self.isExcess {
            self.reject(.tooManyConnections)
        } else {
            self.readIfWanted()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.shared.configuration.traffic.receivedBytes.add(bytes.readableBytes)
        if self.received.readableBytes == 0 {
            self.received = bytes
        } else {
            self.received.discardReadBytes()
            self.received.writeBuffer(&bytes)
        }
        self.process()
        // An empty buffer without memory behind it, so that the channel can use the memory for its next read.
        if self.received.readableBytes == 0 { self.received = ByteBuffer() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.readIfWanted()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        if self.writeWaiter != nil {
            self.deadline = .distantFuture
            self.resumeWriter(.success(()))
        } else {
            // Requests that came before the client read the answers to earlier ones.
            self.process()
            self.readIfWanted()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { return self.inputClosed() }
        if case .handshakeCompleted? = event as? TLSUserEvent { self.isShakingHands = false }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.shared.logger.debug(
            "connection broken", metadata: ["error": "\(error)", "remote": "\(self.remoteAddress)"])
        self.abort()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        if case .exchanging(let exchange) = self.phase {
            exchange.body.fail(.closed)
            exchange.task?.cancel()
        }
        self.phase = .closed
        self.deadline = .distantFuture
        self.received = ByteBuffer()
        self.context = nil
        self.resumeWriter(.failure(ChannelError.ioOnClosedChannel))
        self.endIfDone()
    }

    func endIfDone() {
        guard case .closed = self.phase, self.runningTaskCount == 0 else { return }
        self.shared.ended(self)
    }

    /// The client will send nothing more; it may still read.
    func inputClosed() {
        self.isInputClosed = true
        switch self.phase {
        case .readingHead, .draining: self.closeWhenFlushed(lingering: false)
        case .lingering: self.abort()
        case .exchanging(let exchange): if !exchange.isReceived { exchange.body.fail(.closed) }
        case .closing, .closed: break
        }
    }

    // MARK: Exchanges

    func begin(_ head: RequestHead) {
        self.exchangeCount += 1
        self.deadline = .distantFuture
        let loop = self.shared.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let body = RequestBody(
            byteLimit: self.shared.configuration.bodyBufferByteLimit, isAwaited: head.expectsContinue,
            connection: bound,
            loop: loop)
        let exchange = Exchange(number: self.exchangeCount, head: head, body: body)
        self.phase = .exchanging(exchange)
        if exchange.isReceived {
            body.complete()
        } else {
            // What came along with the head is there before the responder asks.
            _ = self.receiveBody(of: exchange, byteBudget: nil)
        }
        var request = HTTPRequestHead(
            method: head.method, target: head.target, headers: head.headers, remoteAddress: self.remoteAddress,
            isSecure: self.isSecure)
        request.pause = self.answered.map { .nanoseconds((.now() - $0).nanoseconds) }
        let responder = self.shared.responder
        let writer = AnswerWriter(exchange: exchange.number, connection: bound, loop: loop)
        self.runningTaskCount += 1
        let task: Task<Void, Never>
        if let executor = self.shared.executor {
            task = Task.immediate(executorPreference: executor) {
                await writer.send(await responder.respond(to: request, body: body))
            }
        } else {
            task = Task {
                await writer.send(await responder.respond(to: request, body: body))
            }
        }
        if case .exchanging(let current) = self.phase, current === exchange { exchange.task = task }
    }

    /// The exchange with this number, if it is still being answered.
    func current(_ number: UInt64) -> Exchange? {
        guard case .exchanging(let exchange) = self.phase, exchange.number == number else { return nil }
        return exchange
    }

    /// The task of an exchange will not touch the connection again.
    func taskReturned() {
        self.runningTaskCount -= 1
        self.endIfDone()
    }
}
