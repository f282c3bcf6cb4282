import NIOCore
import TernPorts

/// How answers are written; called by the ``AnswerWriter`` of an exchange.
extension HTTPConnection {
    func write(_ bytes: ByteBuffer, to context: ChannelHandlerContext) {
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
    func beginHead(_ answer: HTTPAnswer, of exchange: Exchange) {
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

    func resumeWriter(_ result: Result<Void, any Error>) {
        let waiter = self.writeWaiter
        self.writeWaiter = nil
        waiter?.resume(with: result)
    }
}
