import Logging
import NIOCore
import NIOPosix
import Synchronization
import TernCore
import TernHTTPServer
import TernPorts

struct FixedClock: WallClock {
    var now: Timestamp { Timestamp(seconds: 1_700_000_000) }

    func sleep(until deadline: Timestamp) async throws {}
}

/// A responder made of a closure.
struct Responder: HTTPResponder {
    let body: @Sendable (HTTPRequestHead, any HTTPRequestBody) async -> HTTPAnswer

    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        await self.body(head, body)
    }

    /// Answers with the request's method, target and header fields, one a line.
    static let describing = Responder { head, _ in
        let lines = ["\(head.method) \(head.target)"] + head.headers.fields.map { "\($0.name)=\($0.value)" }
        return .text(lines.joined(separator: "\n"))
    }

    /// Answers with the body, read to its end.
    static let echoing = Responder { _, body in
        var all = ByteBuffer()
        do {
            while var chunk = try await body.next() { all.writeBuffer(&chunk) }
        } catch {
            return .text("error \(error)", status: 400)
        }
        return HTTPAnswer(status: 200, body: .bytes(all))
    }
}

extension HTTPAnswer {
    static func text(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, body: .bytes(ByteBuffer(string: text)))
    }
}

/// Runs `body` against a server on a free port, and stops the server behind it.
func withServer(
    _ responder: Responder,
    configure: (inout HTTPServerConfiguration) -> Void = { _ in },
    _ body: (HTTPServer) async throws -> Void
) async throws {
    var configuration = HTTPServerConfiguration()
    // Hundreds of tests share the processors: a client that gets no turn for long must not be taken for a dead one.
    configuration.headerTimeout = .seconds(600)
    configuration.idleTimeout = .seconds(600)
    configuration.bodyTimeout = .seconds(600)
    configuration.lingerTimeout = .seconds(60)
    configure(&configuration)
    let server = try await HTTPServer.bind(
        configuration, on: MultiThreadedEventLoopGroup.singleton, clock: FixedClock(), logger: Logger(label: "test"))
    try await server.serve(responder)
    do {
        try await body(server)
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
    await server.stop(grace: .zero)
}

/// A place for something that happens once, on another task.
final class Signal<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [CheckedContinuation<Value, Never>] = []
    }

    private let state = Mutex(State())

    func send(_ value: Value) {
        let waiters = self.state.withLock { state in
            state.value = value
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    func wait() async -> Value {
        await withCheckedContinuation { continuation in
            let value = self.state.withLock { state -> Value? in
                if let value = state.value { return value }
                state.waiters.append(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}

/// Chunks from a closure.
final class Source: HTTPBodySource {
    private let body: @Sendable () async throws -> ByteBuffer?

    init(_ body: @escaping @Sendable () async throws -> ByteBuffer?) {
        self.body = body
    }

    func next() async throws -> ByteBuffer? { try await self.body() }

    /// Gives `chunks` one after the other.
    static func of(_ chunks: [String]) -> Source {
        let rest = Mutex(chunks[...])
        return Source { rest.withLock { $0.popFirst() }.map { ByteBuffer(string: $0) } }
    }
}
