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
    func run(_ requests: [LoadRequest], progress: @escaping @Sendable (LoadSample) -> Void = { _ in }) async throws
        -> [LoadSample]
    {
        if requests.isEmpty { return [] }
        let promise = self.channel.eventLoop.makePromise(of: [LoadSample].self)
        let handler = self.handler
        self.channel.eventLoop.execute { handler.value.start(requests, progress, promise) }
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
        _ requests: [LoadRequest], _ progress: @escaping @Sendable (LoadSample) -> Void,
        _ promise: EventLoopPromise<[LoadSample]>
    ) {
        self.requests = requests
        self.samples = []
        self.samples.reserveCapacity(requests.count)
        self.progress = progress
        self.promise = promise
        self.sendNext()
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
        let view = self.received.readableBytesView
        guard let end = self.endOfHead(view) else { return false }
        let head = String(decoding: view[..<end], as: UTF8.self)
        guard head.hasPrefix("HTTP/1.1 "), let status = Int(head.dropFirst(9).prefix(3)) else {
            self.fail("the answer is not HTTP")
            return false
        }
        self.received.moveReaderIndex(to: end)
        if status == 100 { return true }
        self.status = status
        var length: Int?
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "content-length" {
                length = Int(parts[1].drop { $0 == " " })
            }
        }
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

    private func endOfHead(_ view: ByteBufferView) -> Int? {
        view.withUnsafeBytes { bytes in
            guard bytes.count >= 4 else { return nil }
            for index in 0...(bytes.count - 4)
            where bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10 {
                return view.startIndex + index + 4
            }
            return nil
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
            self.sendNext()
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
