import Logging
import NIOCore
import NIOSSL
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

    private enum Phase {
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

    private let shared: ConnectionLoop
    /// Whether the server has connections enough without this one.
    private let isExcess: Bool
    /// Whether a TLS handler stands between this one and the socket.
    private let isSecure: Bool
    /// Whether nothing can be written yet, because the TLS handshake is not done.
    private var isShakingHands: Bool
    private var context: ChannelHandlerContext?
    private var phase = Phase.readingHead
    private var parser: RequestHeadParser
    /// Bytes received and not yet understood.
    private var received = ByteBuffer()
    private var remoteAddress = ""
    private var isReading = false
    private var isProcessing = false
    private var isInputClosed = false
    /// Tasks of this connection that have not returned. At most one answers; one that was cut off may still unwind.
    private var runningTaskCount = 0
    private var exchangeCount: UInt64 = 0
    private var answerBuffer = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var writeWaiter: CheckedContinuation<Void, any Error>?
    /// When the latest answer was written.
    private var answered: NIODeadline?

    /// When the sweep calls ``deadlinePassed(_:)``.
    private(set) var deadline = NIODeadline.distantFuture

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

    private func endIfDone() {
        guard case .closed = self.phase, self.runningTaskCount == 0 else { return }
        self.shared.ended(self)
    }

    /// The client will send nothing more; it may still read.
    private func inputClosed() {
        self.isInputClosed = true
        switch self.phase {
        case .readingHead, .draining: self.closeWhenFlushed(lingering: false)
        case .lingering: self.abort()
        case .exchanging(let exchange): if !exchange.isReceived { exchange.body.fail(.closed) }
        case .closing, .closed: break
        }
    }

    // MARK: Reading

    /// Asks the socket for more, unless enough is waiting already.
    private func readIfWanted() {
        guard !self.isReading, !self.isInputClosed, let context = self.context else { return }
        let isWanted =
            switch self.phase {
            // A client that does not read its answers is not asked for more requests.
            case .readingHead: context.channel.isWritable
            case .draining, .lingering: true
            // Behind the body, reading on tells whether the client is still there; pipelined requests wait here.
            case .exchanging(let exchange):
                exchange.isReceived
                    ? self.received.readableBytes < self.shared.configuration.headerByteLimit : !exchange.body.isPaused
            case .closing, .closed: false
            }
        guard isWanted else { return }
        self.isReading = true
        context.read()
    }

    /// Understands as much of what was received as the phase allows.
    private func process() {
        // An answer that is ready at once finishes its exchange inside this loop, which then takes the next request.
        guard !self.isProcessing else { return }
        self.isProcessing = true
        defer { self.isProcessing = false }
        while self.step() {}
    }

    /// Whether there may be more to do.
    private func step() -> Bool {
        switch self.phase {
        case .readingHead:
            guard self.received.readableBytes > 0, self.context?.channel.isWritable == true else { return false }
            let isNew = !self.parser.isInsideHead
            switch self.parser.parse(&self.received) {
            case .incomplete:
                if isNew { self.deadline = .now() + self.shared.configuration.headerTimeout.timeAmount }
                return false
            case .rejected(let rejection):
                self.reject(rejection)
                return false
            case .head(let head):
                self.begin(head)
                return true
            }
        case .exchanging(let exchange):
            return self.receiveBody(of: exchange, byteBudget: nil)
        case .draining(let exchange, let byteBudget):
            return self.receiveBody(of: exchange, byteBudget: byteBudget)
        case .lingering(let byteBudget):
            let rest = byteBudget - self.received.readableBytes
            self.received.clear()
            self.phase = .lingering(byteBudget: rest)
            if rest < 0 { self.abort() }
            return false
        case .closing, .closed:
            self.received.clear()
            return false
        }
    }

    /// Moves received bytes into the body; `byteBudget` is set when they are only to be dropped.
    private func receiveBody(of exchange: Exchange, byteBudget: Int64?) -> Bool {
        guard !exchange.isReceived, self.received.readableBytes > 0 else { return false }
        var budget = byteBudget
        while !exchange.isReceived {
            switch exchange.takeBody(&self.received) {
            case .data(let data):
                if budget != nil {
                    budget? -= Int64(data.readableBytes)
                } else {
                    exchange.lastBodyProgress = .now()
                    _ = exchange.body.receive(data)
                }
            case .incomplete:
                if let budget {
                    if budget < 0 { self.linger() } else { self.phase = .draining(exchange, byteBudget: budget) }
                }
                return false
            case .malformed:
                if budget != nil { self.linger() } else { exchange.body.fail(.malformed) }
                exchange.isBroken = true
                self.received.clear()
                return false
            case .end:
                exchange.isReceived = true
                exchange.body.complete()
            }
        }
        if budget != nil { self.becomeIdle() }
        return true
    }

    /// The responder waits for bytes of the body, or took enough that the socket may be read again.
    func bodyIsWanted(_ body: RequestBody) {
        guard case .exchanging(let exchange) = self.phase, exchange.body === body, !exchange.isReceived else { return }
        if self.isInputClosed {
            body.fail(.closed)
            return
        }
        exchange.lastBodyProgress = .now()
        self.deadline = exchange.lastBodyProgress + self.shared.configuration.bodyTimeout.timeAmount
        self.readIfWanted()
    }

    /// The responder asks for the body for the first time.
    ///
    /// `100 Continue` is sent even where the body came along without waiting for it: botocore takes a final answer in
    /// its place for the end of the exchange, and then misreads the next answer on the connection.
    func bodyIsAccepted(_ body: RequestBody) {
        guard case .exchanging(let exchange) = self.phase, exchange.body === body, exchange.owesContinue,
            let context = self.context
        else { return }
        exchange.owesContinue = false
        var buffer = context.channel.allocator.buffer(capacity: 32)
        buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        self.write(buffer, to: context)
        context.flush()
    }

    // MARK: Exchanges

    private func begin(_ head: RequestHead) {
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
    private func current(_ number: UInt64) -> Exchange? {
        guard case .exchanging(let exchange) = self.phase, exchange.number == number else { return nil }
        return exchange
    }

    /// The task of an exchange will not touch the connection again.
    func taskReturned() {
        self.runningTaskCount -= 1
        self.endIfDone()
    }

    // MARK: Writing

    private func write(_ bytes: ByteBuffer, to context: ChannelHandlerContext) {
        self.shared.configuration.traffic.sentBytes.add(bytes.readableBytes)
        context.write(self.wrapOutboundOut(bytes), promise: nil)
    }

    /// Writes a whole answer at once: one flush, one system call where the body is small.
    func writeFixed(_ answer: HTTPAnswer, exchange number: UInt64) {
        guard let exchange = self.current(number), let context = self.context else { return }
        var body: ByteBuffer?
        if case .bytes(let bytes) = answer.body, exchange.sendsBody(status: answer.status) { body = bytes }
        self.beginHead(answer, of: exchange)
        if var bytes = body, bytes.readableBytes > 0 {
            if bytes.readableBytes <= 4096 {
                self.answerBuffer.writeBuffer(&bytes)
                self.write(self.answerBuffer, to: context)
            } else {
                self.write(self.answerBuffer, to: context)
                self.write(bytes, to: context)
            }
        } else {
            self.write(self.answerBuffer, to: context)
        }
        context.flush()
        self.finish(exchange)
    }

    /// Encodes the head into ``answerBuffer``, and decides whether the connection outlives the exchange.
    private func beginHead(_ answer: HTTPAnswer, of exchange: Exchange) {
        let isDrainable = exchange.isDrainable(byteLimit: self.shared.configuration.drainByteLimit)
        let framing = exchange.framing(of: answer)
        exchange.closes =
            answer.closesConnection || !exchange.head.keepsAlive || self.shared.isStopping || self.isInputClosed
            || exchange.isBroken || framing == .untilClose || exchange.owesContinue
            || !exchange.isReceived && !isDrainable
        self.answerBuffer.clear(minimumCapacity: 512)
        AnswerHeadEncoder.encode(
            status: answer.status,
            headers: answer.headers,
            framing: framing,
            closes: exchange.closes,
            announcesKeepAlive: exchange.head.isHTTP10,
            date: self.shared.date,
            into: &self.answerBuffer
        )
    }

    /// Whether an answer of this status to this request carries a body.
    func sendsBody(status: Int, exchange number: UInt64) throws -> Bool {
        guard let exchange = self.current(number) else { throw HTTPBodyError.closed }
        return exchange.sendsBody(status: status)
    }

    /// Writes the head of a streamed answer, to be flushed with the first bytes of the body.
    func writeStreamHead(_ answer: HTTPAnswer, exchange number: UInt64) throws -> AnswerFraming {
        guard let exchange = self.current(number), let context = self.context else { throw HTTPBodyError.closed }
        self.beginHead(answer, of: exchange)
        self.write(self.answerBuffer, to: context)
        return exchange.framing(of: answer)
    }

    /// Writes bytes of the answer's body; whether the client keeps up.
    func writeBody(_ chunk: ByteBuffer, isChunked: Bool, exchange number: UInt64) throws -> Bool {
        guard self.current(number) != nil, let context = self.context else { throw HTTPBodyError.closed }
        if isChunked {
            var line = context.channel.allocator.buffer(capacity: 16)
            line.writeString(String(chunk.readableBytes, radix: 16))
            line.writeStaticString("\r\n")
            self.write(line, to: context)
            self.write(chunk, to: context)
            var end = context.channel.allocator.buffer(capacity: 2)
            end.writeStaticString("\r\n")
            self.write(end, to: context)
            context.flush()
        } else {
            self.write(chunk, to: context)
            context.flush()
        }
        return context.channel.isWritable
    }

    /// Resumes `continuation` when the client has read enough of what was written.
    func waitForWritability(_ continuation: CheckedContinuation<Void, any Error>, exchange number: UInt64) {
        guard self.current(number) != nil, let context = self.context else {
            continuation.resume(throwing: HTTPBodyError.closed)
            return
        }
        if context.channel.isWritable {
            continuation.resume()
        } else {
            self.writeWaiter = continuation
            self.deadline = .now() + self.shared.configuration.writeTimeout.timeAmount
        }
    }

    /// The body of a streamed answer is complete.
    func endStream(isChunked: Bool, exchange number: UInt64) {
        guard let exchange = self.current(number), let context = self.context else { return }
        if isChunked {
            var end = context.channel.allocator.buffer(capacity: 8)
            end.writeStaticString("0\r\n\r\n")
            self.write(end, to: context)
        }
        context.flush()
        self.finish(exchange)
    }

    /// The answer cannot be completed: cuts the connection, so that a part is not taken for the whole.
    func cut(exchange number: UInt64) {
        if self.current(number) != nil { self.abort() }
    }

    private func resumeWriter(_ result: Result<Void, any Error>) {
        let waiter = self.writeWaiter
        self.writeWaiter = nil
        waiter?.resume(with: result)
    }

    // MARK: After the answer

    private func finish(_ exchange: Exchange) {
        self.answered = .now()
        if exchange.isReceived {
            if exchange.closes || self.shared.isStopping {
                self.closeWhenFlushed(lingering: self.received.readableBytes > 0)
            } else {
                self.becomeIdle()
            }
            return
        }
        exchange.body.discard()
        guard !exchange.closes, !self.shared.isStopping else { return self.closeWhenFlushed(lingering: true) }
        self.phase = .draining(exchange, byteBudget: self.shared.configuration.drainByteLimit)
        let bound = NIOLoopBound(self, eventLoop: self.shared.eventLoop)
        self.timer = self.shared.eventLoop.scheduleTask(in: self.shared.configuration.drainTimeout.timeAmount) {
            if case .draining = bound.value.phase { bound.value.linger() }
        }
        self.process()
        self.readIfWanted()
    }

    private func becomeIdle() {
        self.timer?.cancel()
        self.timer = nil
        self.phase = .readingHead
        if self.isInputClosed || self.shared.isStopping {
            self.closeWhenFlushed(lingering: false)
            return
        }
        self.deadline = .now() + self.shared.configuration.idleTimeout.timeAmount
        self.process()
        self.readIfWanted()
    }

    private func reject(_ rejection: RequestRejection) {
        let answer = rejection.answer
        guard let context = self.context, case .bytes(let document) = answer.body else { return }
        self.answerBuffer.clear(minimumCapacity: 512)
        AnswerHeadEncoder.encode(
            status: answer.status,
            headers: answer.headers,
            framing: .length(Int64(document.readableBytes)),
            closes: true,
            announcesKeepAlive: false,
            date: self.shared.date,
            into: &self.answerBuffer
        )
        self.write(self.answerBuffer, to: context)
        self.write(document, to: context)
        context.flush()
        self.closeWhenFlushed(lingering: true)
    }

    /// Closes the connection when what was written has left, at once or by ``linger()``.
    private func closeWhenFlushed(lingering: Bool) {
        guard let context = self.context else { return }
        // What was written would wait for a handshake, which nobody is made to finish: the answer that tells of too many
        // connections would hold one until a timeout, and so would an idle connection when the server stops.
        guard !self.isShakingHands else { return self.abort() }
        self.phase = .closing
        self.received.clear()
        self.deadline = .now() + self.shared.configuration.writeTimeout.timeAmount
        let bound = NIOLoopBound(self, eventLoop: self.shared.eventLoop)
        let flushed = self.shared.eventLoop.makePromise(of: Void.self)
        flushed.futureResult.whenComplete { _ in
            if lingering { bound.value.linger() } else { bound.value.sayGoodbye() }
        }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: flushed)
    }

    /// Closes the output only, and reads on for a while: a socket that is closed with bytes unread is reset, and the
    /// client would lose the answer that is on its way.
    private func linger() {
        guard let context = self.context else { return }
        self.timer?.cancel()
        self.received.clear()
        self.deadline = .distantFuture
        guard !self.isInputClosed else { return self.sayGoodbye() }
        self.phase = .lingering(byteBudget: self.shared.configuration.lingerByteLimit)
        let bound = NIOLoopBound(self, eventLoop: self.shared.eventLoop)
        self.timer = self.shared.eventLoop.scheduleTask(in: self.shared.configuration.lingerTimeout.timeAmount) {
            bound.value.abort()
        }
        context.close(mode: .output, promise: nil)
        self.readIfWanted()
    }

    // MARK: Timeouts and stopping

    func deadlinePassed(_ now: NIODeadline) {
        switch self.phase {
        case .readingHead:
            if self.parser.isInsideHead { self.reject(.timedOut) } else { self.abort() }
        case .exchanging(let exchange):
            if self.writeWaiter != nil {
                self.abort()
            } else if !exchange.isReceived, exchange.body.hasReader {
                let due = exchange.lastBodyProgress + self.shared.configuration.bodyTimeout.timeAmount
                if due <= now {
                    exchange.isBroken = true
                    self.deadline = .distantFuture
                    exchange.body.fail(.timedOut)
                } else {
                    self.deadline = due
                }
            } else {
                // Nobody waits for the client; the next wait sets a new deadline.
                self.deadline = .distantFuture
            }
        case .closing:
            self.abort()
        case .draining, .lingering, .closed:
            self.deadline = .distantFuture
        }
    }

    func stopWhenIdle() {
        if case .readingHead = self.phase { self.closeWhenFlushed(lingering: false) }
    }

    /// Closes the connection behind its last answer. TLS clients are told that nothing was cut off.
    private func sayGoodbye() {
        guard self.isSecure, let context = self.context else { return self.abort() }
        let bound = NIOLoopBound(self, eventLoop: self.shared.eventLoop)
        let sent = self.shared.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in bound.value.abort() }
        context.close(mode: .output, promise: sent)
    }

    /// Closes the connection now, whatever it is doing.
    ///
    /// The TLS handler is passed by: it would wait for the client's consent, and a client that is cut off must not be
    /// told that the answer is whole.
    func abort() {
        guard let context = self.context else { return }
        if self.isSecure,
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        {
            tls.close(promise: nil)
        } else {
            context.close(promise: nil)
        }
    }
}
