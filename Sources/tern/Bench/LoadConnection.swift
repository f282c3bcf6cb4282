import NIOCore
import NIOPosix

/// A request of the load generator, signed and written out before the clock starts.
struct LoadRequest: Sendable {
    var head: ByteBuffer
    /// Shared by all requests of a run.
    var body: ByteBuffer?
    var isHead: Bool
}

/// How one request of the load generator went.
struct LoadSample: Sendable {
    var status: Int
    /// From the first byte sent to the last received.
    var nanoseconds: Int64
    var bodyByteCount: Int
}

/// A connection of the load generator: sends requests one after the other, each when the answer before is complete.
///
/// It works in a channel handler, without tasks or allocations to speak of, because it shares the processors with the
/// server that it measures.
final class LoadConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<LoadHandler>

    private init(channel: any Channel, handler: NIOLoopBound<LoadHandler>) {
        self.channel = channel
        self.handler = handler
    }

    static func connect(to endpoint: LoadEndpoint) async throws -> LoadConnection {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16384, maximum: 1 << 20)
            )
            .connect(host: endpoint.host, port: endpoint.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = LoadHandler()
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return LoadConnection(
                        channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
    }

    /// Sends `requests` in order; calls `progress` with each answer, on the event loop.
    ///
    /// - Parameter times: Before which each request is not sent; empty to send each when the answer before is complete.
    func run(
        _ requests: [LoadRequest], notBefore times: [NIODeadline] = [],
        progress: @escaping @Sendable (LoadSample) -> Void = { _ in }
    ) async throws -> [LoadSample] {
        if requests.isEmpty { return [] }
        let promise = self.channel.eventLoop.makePromise(of: [LoadSample].self)
        let handler = self.handler
        self.channel.eventLoop.execute { handler.value.start(requests, times, progress, promise) }
        return try await promise.futureResult.get()
    }

    func close() async {
        try? await self.channel.close()
    }
}

/// Where the load goes.
struct LoadEndpoint: Sendable {
    var host: String
    var port: Int

    /// - Parameter url: `http://host:port`.
    init(_ url: String) throws {
        guard url.hasPrefix("http://"), let address = ListenAddress(String(url.dropFirst(7))) else {
            throw CommandFailure("\(url): the benchmark needs http://HOST:PORT; it measures without TLS")
        }
        self.host = address.host
        self.port = address.port
    }

    /// The value of `Host`.
    var authority: String { ListenAddress(host: self.host, port: self.port).text }
}

/// An answer that the load generator does not understand, or a connection that ended.
struct LoadFailure: Error, CustomStringConvertible {
    var description: String
}

private final class LoadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Expectation {
        case head
        case body(remaining: Int)
        /// Until the last chunk of a short document.
        case chunks
    }

    private var context: ChannelHandlerContext?
    private var requests: [LoadRequest] = []
    private var times: [NIODeadline] = []
    private var samples: [LoadSample] = []
    private var progress: (@Sendable (LoadSample) -> Void)?
    private var promise: EventLoopPromise<[LoadSample]>?
    private var sentAt = NIODeadline.now()
    private var expectation = Expectation.head
    private var received = ByteBuffer()
    private var status = 0
    private var bodyByteCount = 0

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func start(
        _ requests: [LoadRequest], _ times: [NIODeadline], _ progress: @escaping @Sendable (LoadSample) -> Void,
        _ promise: EventLoopPromise<[LoadSample]>
    ) {
        self.requests = requests
        self.times = times
        self.samples = []
        self.samples.reserveCapacity(requests.count)
        self.progress = progress
        self.promise = promise
        self.sendNextInTime()
    }

    private func sendNextInTime() {
        guard let context = self.context, self.times.indices.contains(self.samples.count),
            self.times[self.samples.count] > .now()
        else { return self.sendNext() }
        context.eventLoop.assumeIsolated().scheduleTask(deadline: self.times[self.samples.count]) { self.sendNext() }
    }

    private func sendNext() {
        guard let context = self.context else { return self.fail("the connection is closed") }
        let request = self.requests[self.samples.count]
        self.sentAt = .now()
        self.expectation = .head
        context.write(self.wrapOutboundOut(request.head), promise: nil)
        if let body = request.body { context.write(self.wrapOutboundOut(body), promise: nil) }
        context.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if self.received.readableBytes == 0 { self.received = bytes } else { self.received.writeBuffer(&bytes) }
        while self.step() {}
        if self.received.readableBytes == 0 { self.received = ByteBuffer() }
    }

    private func step() -> Bool {
        guard self.promise != nil, self.received.readableBytes > 0 else { return false }
        switch self.expectation {
        case .head:
            return self.readHead()
        case .body(let remaining):
            let count = min(remaining, self.received.readableBytes)
            self.received.moveReaderIndex(forwardBy: count)
            if count == remaining { self.answered() } else { self.expectation = .body(remaining: remaining - count) }
            return count == remaining
        case .chunks:
            let end = Array("0\r\n\r\n".utf8)
            guard self.received.readableBytesView.suffix(end.count).elementsEqual(end) else { return false }
            self.bodyByteCount = self.received.readableBytes
            self.received.clear()
            self.answered()
            return true
        }
    }

    private func readHead() -> Bool {
        let head = self.received.withUnsafeReadableBytes { AnswerHead($0) }
        switch head {
        case .incomplete:
            return false
        case .malformed:
            self.fail("the answer is not HTTP")
            return false
        case .complete(let byteCount, let status, let length):
            self.received.moveReaderIndex(forwardBy: byteCount)
            if status == 100 { return true }
            self.status = status
            let hasBody = !self.requests[self.samples.count].isHead && status != 204 && status != 304
            self.bodyByteCount = hasBody ? length ?? 0 : 0
            if !hasBody || length == 0 {
                self.answered()
            } else if let length {
                self.expectation = .body(remaining: length)
            } else {
                self.expectation = .chunks
            }
            return true
        }
    }

    private func answered() {
        let elapsed = NIODeadline.now() - self.sentAt
        let sample = LoadSample(
            status: self.status, nanoseconds: elapsed.nanoseconds, bodyByteCount: self.bodyByteCount)
        self.samples.append(sample)
        self.progress?(sample)
        if self.samples.count == self.requests.count {
            let promise = self.promise
            self.promise = nil
            promise?.succeed(self.samples)
        } else {
            self.sendNextInTime()
        }
    }

    private func fail(_ message: String) {
        let promise = self.promise
        self.promise = nil
        promise?.fail(LoadFailure(description: message))
        self.context?.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.fail("the connection broke: \(error)") }

    func channelInactive(context: ChannelHandlerContext) { self.fail("the server closed the connection") }
}

/// What the load generator needs of an answer's head, found without a string: it takes its processor time from the server
/// that it measures.
private enum AnswerHead {
    case incomplete
    case malformed
    case complete(byteCount: Int, status: Int, contentLength: Int?)

    private static let lengthName = Array("content-length:".utf8)

    init(_ bytes: UnsafeRawBufferPointer) {
        var lineStart = 0
        var index = 0
        var status = 0
        var length: Int?
        while index + 1 < bytes.count {
            guard bytes[index] == 13, bytes[index + 1] == 10 else {
                index += 1
                continue
            }
            let line = UnsafeRawBufferPointer(rebasing: bytes[lineStart..<index])
            if lineStart == 0 {
                guard line.count >= 12, line.starts(with: "HTTP/1.1 ".utf8), let code = Self.number(line[9..<12]) else {
                    self = .malformed
                    return
                }
                status = code
            } else if line.isEmpty {
                self = .complete(byteCount: index + 2, status: status, contentLength: length)
                return
            } else if line.count > Self.lengthName.count, Self.hasName(Self.lengthName, line) {
                length = Self.number(line[Self.lengthName.count...])
            }
            index += 2
            lineStart = index
        }
        self = .incomplete
    }

    private static func hasName(_ name: [UInt8], _ line: UnsafeRawBufferPointer) -> Bool {
        for index in name.indices where line[index] | 0x20 != name[index] | 0x20 { return false }
        return true
    }

    /// The digits of the field, with spaces around them.
    private static func number(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
        var value: Int?
        for byte in field where byte != UInt8(ascii: " ") {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), (value ?? 0) < 1 << 50 else { return nil }
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
