import NIOCore
import Synchronization
import TernPorts

/// The body of one request, between the connection that receives it and the responder that reads it.
///
/// The connection stops reading the socket while more than `byteLimit` bytes wait here.
final class RequestBody: HTTPRequestBody, Sendable {
    private enum End {
        case complete
        case failed(HTTPBodyError)
    }

    private struct State {
        /// Received and not yet taken, oldest first. Small: the connection stops reading when much waits.
        var chunks: CircularBuffer<ByteBuffer>
        var waitingByteCount = 0
        /// What follows the chunks; `nil` while more may come.
        var end: End?
        /// A reader that found nothing.
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
        /// Whether the client waits to hear that the body is wanted.
        var isAwaited: Bool
        /// Whether the connection stopped reading because enough waits here.
        var isPaused = false
    }

    private let byteLimit: Int
    private let connection: NIOLoopBound<HTTPConnection>
    private let loop: any EventLoop
    private let state: Mutex<State>

    init(byteLimit: Int, isAwaited: Bool, connection: NIOLoopBound<HTTPConnection>, loop: any EventLoop) {
        self.byteLimit = byteLimit
        self.connection = connection
        self.loop = loop
        self.state = Mutex(State(chunks: CircularBuffer(initialCapacity: 2), isAwaited: isAwaited))
    }

    // MARK: For the responder

    func next() async throws -> ByteBuffer? {
        self.acceptIfAwaited()
        switch self.take() {
        case .chunk(let chunk, let wantsMore):
            if wantsMore { self.askForMore() }
            return chunk
        case .end:
            return nil
        case .failed(let error):
            throw error
        case .nothing:
            return try await self.wait()
        }
    }

    private func acceptIfAwaited() {
        let isAwaited = self.state.withLock { state in
            defer { state.isAwaited = false }
            return state.isAwaited
        }
        guard isAwaited else { return }
        if self.loop.inEventLoop {
            self.connection.value.bodyIsAccepted(self)
        } else {
            self.loop.execute { self.connection.value.bodyIsAccepted(self) }
        }
    }

    private enum Step {
        case chunk(ByteBuffer, wantsMore: Bool)
        case end
        case failed(HTTPBodyError)
        case nothing
    }

    private func take() -> Step {
        self.state.withLock { state in Self.take(from: &state, limit: self.byteLimit) }
    }

    private static func take(from state: inout State, limit: Int) -> Step {
        if let chunk = state.chunks.popFirst() {
            state.waitingByteCount -= chunk.readableBytes
            let wantsMore = state.isPaused && state.waitingByteCount <= limit
            if wantsMore { state.isPaused = false }
            return .chunk(chunk, wantsMore: wantsMore)
        }
        switch state.end {
        case .complete: return .end
        case .failed(let error): return .failed(error)
        case nil: return .nothing
        }
    }

    private func wait() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let step = self.state.withLock { state -> Step in
                    if Task.isCancelled { return .failed(.closed) }
                    precondition(state.reader == nil, "two readers of one request body")
                    let step = Self.take(from: &state, limit: self.byteLimit)
                    if case .nothing = step {
                        state.reader = continuation
                        state.isPaused = false
                    }
                    return step
                }
                switch step {
                case .chunk(let chunk, let wantsMore):
                    if wantsMore { self.askForMore() }
                    continuation.resume(returning: chunk)
                case .end: continuation.resume(returning: nil)
                case .failed(let error): continuation.resume(throwing: error)
                case .nothing: self.askForMore()
                }
            }
        } onCancel: {
            let reader = self.state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(throwing: CancellationError())
        }
    }

    private func askForMore() {
        if self.loop.inEventLoop {
            self.connection.value.bodyIsWanted(self)
        } else {
            self.loop.execute { self.connection.value.bodyIsWanted(self) }
        }
    }

    // MARK: For the connection

    /// Hands over received bytes; whether more may be read from the socket now.
    func receive(_ chunk: ByteBuffer) -> Bool {
        let (reader, mayReadMore) = self.state.withLock {
            state -> (CheckedContinuation<ByteBuffer?, any Error>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            if state.end != nil { return (nil, true) }
            state.chunks.append(chunk)
            state.waitingByteCount += chunk.readableBytes
            state.isPaused = state.waitingByteCount > self.byteLimit
            return (nil, !state.isPaused)
        }
        reader?.resume(returning: chunk)
        return mayReadMore
    }

    /// All of the body was received.
    func complete() {
        self.finish(.complete)
    }

    /// No more bytes will come; what was received can still be read.
    func fail(_ error: HTTPBodyError) {
        self.finish(.failed(error))
    }

    private func finish(_ end: End) {
        let reader = self.state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.reader = nil }
            return state.reader
        }
        switch end {
        case .complete: reader?.resume(returning: nil)
        case .failed(let error): reader?.resume(throwing: error)
        }
    }

    /// The exchange is over: drops what nobody will read.
    func discard() {
        let reader = self.state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            state.chunks.removeAll()
            state.waitingByteCount = 0
            state.end = .failed(.closed)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(throwing: HTTPBodyError.closed)
    }

    /// Whether the responder waits for bytes.
    var hasReader: Bool { self.state.withLock { $0.reader != nil } }

    /// Whether the connection must not read more of the body now.
    var isPaused: Bool { self.state.withLock { $0.isPaused } }
}
