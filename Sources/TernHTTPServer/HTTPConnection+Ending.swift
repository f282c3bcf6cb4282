import NIOCore
import NIOSSL
import TernPorts

/// What comes behind an answer: the next request, or the end of the connection; and what ends it before.
extension HTTPConnection {
    func finish(_ exchange: Exchange) {
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

    func becomeIdle() {
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

    func reject(_ rejection: RequestRejection) {
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
    func closeWhenFlushed(lingering: Bool) {
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
    func linger() {
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
    func sayGoodbye() {
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
