import NIOCore
import TernPorts

/// What is made of the bytes that a client sends.
extension HTTPConnection {
    /// Asks the socket for more, unless enough is waiting already.
    func readIfWanted() {
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
    func process() {
        // An answer that is ready at once finishes its exchange inside this loop, which then takes the next request.
        guard !self.isProcessing else { return }
        self.isProcessing = true
        defer { self.isProcessing = false }
        while self.step() {}
    }

    /// Whether there may be more to do.
    func step() -> Bool {
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
    func receiveBody(of exchange: Exchange, byteBudget: Int64?) -> Bool {
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
}
