import NIOCore
import Synchronization
import TernPorts

/// Writes the answer of one exchange from the task that made it, wherever that task runs.
struct AnswerWriter: Sendable {
    let exchange: UInt64
    let connection: NIOLoopBound<HTTPConnection>
    let loop: any EventLoop

    /// Bodies up to this many bytes are written at once.
    private static let fixedByteLimit = 256 * 1024

    /// Sends `answer`, at the pace of the client, and hands the connection back.
    func send(_ answer: HTTPAnswer) async {
        let exchange = self.exchange
        do {
            switch answer.body {
            case .bytes(let bytes) where bytes.readableBytes > Self.fixedByteLimit:
                // In pieces, so that a slow client is seen to make progress.
                try await self.stream(answer, source: PieceSource(bytes), byteCount: Int64(bytes.readableBytes))
            case .none, .bytes:
                try await self.onLoop { $0.writeFixed(answer, exchange: exchange) }
            case .stream(let byteCount, let source):
                try await self.stream(answer, source: source, byteCount: byteCount)
            case .chunked(let source):
                try await self.stream(answer, source: source, byteCount: nil)
            }
        } catch {
            // The source broke off, or the client is gone: either way the connection is of no more use.
            try? await self.onLoop { $0.cut(exchange: exchange) }
        }
        try? await self.onLoop { $0.taskReturned() }
    }

    private func stream(_ answer: HTTPAnswer, source: any HTTPBodySource, byteCount: Int64?) async throws {
        let exchange = self.exchange
        let sendsBody = try await self.onLoop { try $0.sendsBody(status: answer.status, exchange: exchange) }
        guard sendsBody else {
            try await self.onLoop { $0.writeFixed(answer, exchange: exchange) }
            return
        }
        // The first bytes are fetched before the head is written, so that both leave together.
        var next = try await source.next()
        let isChunked = try await self.onLoop { try $0.writeStreamHead(answer, exchange: exchange) == .chunked }
        var sentByteCount: Int64 = 0
        while let chunk = next {
            if chunk.readableBytes > 0 {
                sentByteCount += Int64(chunk.readableBytes)
                if let byteCount, sentByteCount > byteCount { throw StreamLengthError() }
                try await self.write(chunk, isChunked: isChunked)
            }
            next = try await source.next()
        }
        if let byteCount, sentByteCount != byteCount { throw StreamLengthError() }
        try await self.onLoop { $0.endStream(isChunked: isChunked, exchange: exchange) }
    }

    private func write(_ chunk: ByteBuffer, isChunked: Bool) async throws {
        let exchange = self.exchange
        let keepsUp = try await self.onLoop { try $0.writeBody(chunk, isChunked: isChunked, exchange: exchange) }
        if keepsUp { return }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            if self.loop.inEventLoop {
                self.connection.value.waitForWritability(continuation, exchange: exchange)
            } else {
                self.loop.execute { self.connection.value.waitForWritability(continuation, exchange: exchange) }
            }
        }
    }

    /// Calls the connection on its loop: at once where the task runs there, by a hop elsewhere.
    private func onLoop<Result: Sendable>(
        _ body: @escaping @Sendable (HTTPConnection) throws -> Result
    ) async throws -> Result {
        if self.loop.inEventLoop { return try body(self.connection.value) }
        let connection = self.connection
        return try await self.loop.submit { try body(connection.value) }.get()
    }
}

/// Gives a body that is in memory piece by piece. Used by one task.
private final class PieceSource: HTTPBodySource {
    private let rest: Mutex<ByteBuffer>

    init(_ bytes: ByteBuffer) {
        self.rest = Mutex(bytes)
    }

    func next() async throws -> ByteBuffer? {
        self.rest.withLock { rest in rest.readSlice(length: min(rest.readableBytes, 128 * 1024)) }.flatMap {
            $0.readableBytes > 0 ? $0 : nil
        }
    }
}

/// A source gave more or fewer bytes than its answer announced.
struct StreamLengthError: Error {}
