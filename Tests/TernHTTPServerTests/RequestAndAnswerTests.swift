import NIOCore
import Synchronization
import TernCore
import TernHTTPServer
import TernPorts
import Testing

@Suite("Requests and answers on the wire")
struct RequestAndAnswerTests {
    private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test(
        "A fixed answer has its length and a date",
        arguments: [HTTPServerConfiguration.Execution.eventLoop, .globalPool])
    func fixedAnswer(execution: HTTPServerConfiguration.Execution) async throws {
        try await withServer(.describing, configure: { $0.execution = execution }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET /a%20b?c HTTP/1.1\r\nHost: h\r\nX-Y: Z\r\n\r\n")
            let answer = try await client.receive(through: "x-y=Z")
            #expect(
                answer == "HTTP/1.1 200 OK\r\ndate: Tue, 14 Nov 2023 22:13:20 GMT\r\ncontent-length: 25\r\n\r\n"
                    + "GET /a%20b?c\nhost=h\nx-y=Z")
        }
    }

    @Test("The responder's own date stays, its connection fields do not, and no value can break a line")
    func headers() async throws {
        let responder = Responder { _, _ in
            HTTPAnswer(
                status: 200,
                headers: HeaderFields([
                    .init(name: "date", value: "mine"), .init(name: "content-length", value: "99"),
                    .init(name: "transfer-encoding", value: "chunked"), .init(name: "x", value: "a\r\nb: c"),
                ]))
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.get)
            let answer = try await client.receive(through: "\r\n\r\n")
            #expect(answer == "HTTP/1.1 200 OK\r\ndate: mine\r\nx: a  b: c\r\ncontent-length: 0\r\n\r\n")
        }
    }

    @Test("Pipelined requests are answered one after the other, in order")
    func pipelining() async throws {
        let running = Mutex(0)
        let responder = Responder { head, _ in
            let now = running.withLock { count in
                count += 1
                return count
            }
            await Task.yield()
            running.withLock { $0 -= 1 }
            return .text("<\(head.target) \(now)>")
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send((0..<200).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
            let answer = try await client.receive(through: "</199 1>")
            let bodies = answer.split(separator: "<").dropFirst().map { $0.prefix { $0 != ">" } }
            #expect(bodies.map { String($0) } == (0..<200).map { "/\($0) 1" })
        }
    }

    @Test("Answers that are ready at once do not nest")
    func deepPipeline() async throws {
        try await withServer(Responder { _, _ in .text("") }) { server in
            let client = try await RawClient.connect(port: server.port)
            let count = 20_000
            try await client.send(String(repeating: Self.get, count: count - 1))
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let answer = try await client.receiveToEnd()
            #expect(answer.utf8.count { $0 == UInt8(ascii: "\n") } == count * 4 + 1)
        }
    }

    @Test("HEAD has the length of the entity and no body, however the responder gives it")
    func headRequest() async throws {
        let responder = Responder { head, _ in
            switch head.target {
            case "/bytes": .text("12345")
            case "/stream":
                HTTPAnswer(
                    status: 200,
                    body: .stream(
                        byteCount: 7,
                        source: Source {
                            Issue.record("the body of an answer to HEAD was read")
                            return nil
                        }))
            case "/named": HTTPAnswer(status: 200, headers: HeaderFields([.init(name: "content-length", value: "9")]))
            default: HTTPAnswer(status: 404)
            }
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            for (target, line) in [
                ("/bytes", "content-length: 5\r\n"), ("/stream", "content-length: 7\r\n"),
                ("/named", "content-length: 9\r\n"), ("/none", ""),
            ] {
                client.forget()
                try await client.send("HEAD \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try await client.receive(through: "\r\n\r\n")
                #expect(answer.hasSuffix("GMT\r\n\(line)\r\n"))
            }
        }
    }

    @Test("204 and 304 have no body; 304 keeps the length that it names")
    func withoutBody() async throws {
        let responder = Responder { head, _ in
            let headers = HeaderFields([.init(name: "content-length", value: "9")])
            return HTTPAnswer(
                status: head.target == "/204" ? 204 : 304, headers: headers, body: .bytes(ByteBuffer(string: "x")))
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(
                "GET /204 HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let answer = try await client.receiveToEnd()
            let date = "date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
            #expect(
                answer == "HTTP/1.1 204 No Content\r\n\(date)\r\n"
                    + "HTTP/1.1 304 Not Modified\r\n\(date)content-length: 9\r\nconnection: close\r\n\r\n")
        }
    }

    @Test("The connection closes when the client or the responder asks for it")
    func closes() async throws {
        let responder = Responder { head, _ in
            HTTPAnswer(status: 200, body: .bytes(ByteBuffer(string: "bye")), closesConnection: head.target == "/close")
        }
        try await withServer(responder) { server in
            for request in [
                "GET /close HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                "GET / HTTP/1.0\r\n\r\n",
            ] {
                let client = try await RawClient.connect(port: server.port)
                try await client.send(request)
                let answer = try await client.receiveToEnd()
                #expect(answer.hasSuffix("content-length: 3\r\nconnection: close\r\n\r\nbye"))
            }
            let old = try await RawClient.connect(port: server.port)
            try await old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await old.receive(through: "bye").contains("connection: keep-alive\r\n"))
        }
    }

    @Test("A client that closes its side behind the request still gets the answer")
    func halfClosedClient() async throws {
        let goOn = Signal<Void>()
        let responder = Responder { _, _ in
            await goOn.wait()
            return .text("late")
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.get)
            try await client.closeOutput()
            goOn.send(())
            #expect(try await client.receiveToEnd().hasSuffix("\r\n\r\nlate"))
        }
    }

    // MARK: Streams

    @Test(
        "A stream of known length arrives whole", arguments: [HTTPServerConfiguration.Execution.eventLoop, .globalPool])
    func stream(execution: HTTPServerConfiguration.Execution) async throws {
        let responder = Responder { _, _ in
            HTTPAnswer(status: 200, body: .stream(byteCount: 8, source: Source.of(["abc", "", "def", "gh"])))
        }
        try await withServer(responder, configure: { $0.execution = execution }) { server in
            let client = try await RawClient.connect(port: server.port)
            for _ in 0..<2 {
                client.forget()
                try await client.send(Self.get)
                #expect(try await client.receive(through: "gh").hasSuffix("content-length: 8\r\n\r\nabcdefgh"))
            }
        }
    }

    @Test("A stream of unknown length is sent in chunks, to HTTP/1.0 until the end of the connection")
    func chunked() async throws {
        let responder = Responder { _, _ in
            HTTPAnswer(status: 200, body: .chunked(source: Source.of(["abc", "0123456789"])))
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.get)
            let answer = try await client.receive(through: "\r\n0\r\n\r\n")
            #expect(answer.hasSuffix("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n"))
            let old = try await RawClient.connect(port: server.port)
            try await old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await old.receiveToEnd().hasSuffix("GMT\r\nconnection: close\r\n\r\nabc0123456789"))
        }
    }

    struct Broken: Error {}

    @Test(
        "A stream that breaks, or is not as long as announced, cuts the connection",
        arguments: ["throw", "short", "long"])
    func brokenStream(how: String) async throws {
        let responder = Responder { _, _ in
            let source =
                switch how {
                case "throw": Source { throw Broken() }
                case "short": Source.of(["abc"])
                default: Source.of(["abc", "def"])
                }
            return HTTPAnswer(status: 200, body: .stream(byteCount: 5, source: source))
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.get)
            let answer = try await client.receiveToEnd()
            #expect(!answer.contains("abcde"))
        }
    }

    @Test("A client that does not read stops the source")
    func answerBackPressure() async throws {
        let produced = Mutex(0)
        let stalled = Signal<Void>()
        let chunk = ByteBuffer(repeating: 7, count: 1 << 20)
        let total = 64
        let responder = Responder { _, _ in
            let source = Source {
                let count = produced.withLock { count in
                    count += 1
                    return count
                }
                if count == 3 { stalled.send(()) }
                return count <= total ? chunk : nil
            }
            return HTTPAnswer(status: 200, body: .stream(byteCount: Int64(total) << 20, source: source))
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port, readsAtOnce: false)
            try await client.send(Self.get)
            await stalled.wait()
            // Another whole exchange on the side: by its end, a source without brakes would have run through.
            let other = try await RawClient.connect(port: server.port)
            try await other.send("GET /x HTTP/1.1\r\nHost: h\r\nbad field\r\n\r\n")
            _ = try await other.receiveToEnd()
            #expect(produced.withLock { $0 } < 32)
            // Counting only: the text of 64 MiB would be built again and again.
            try await client.close()
        }
    }

    @Test("A client that reads again gets the rest of the stream")
    func slowClient() async throws {
        let responder = Responder { _, _ in
            let parts = (0..<32).map { _ in String(repeating: "x", count: 1 << 18) } + ["end"]
            return HTTPAnswer(
                status: 200, body: .stream(byteCount: 8 << 20 | 3, source: Source.of(parts)), closesConnection: true)
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port, readsAtOnce: false)
            try await client.send(Self.get)
            let answer = try await client.receiveToEnd()
            #expect(answer.hasSuffix("xend"))
            #expect(answer.utf8.count { $0 == UInt8(ascii: "x") } == 8 << 20)
        }
    }

    @Test("A client that sends requests and reads no answers is stopped")
    func pipelineBackPressure() async throws {
        let answered = Mutex(0)
        let body = ByteBuffer(repeating: 7, count: 200_000)
        let responder = Responder { _, _ in
            answered.withLock { $0 += 1 }
            return HTTPAnswer(status: 200, body: .bytes(body))
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port, readsAtOnce: false)
            try await client.send(String(repeating: Self.get, count: 500))
            let other = try await RawClient.connect(port: server.port)
            try await other.send("BAD\r\n\r\n")
            _ = try await other.receiveToEnd()
            #expect(answered.withLock { $0 } < 200)
            // Reading again, it gets them all.
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let answer = try await client.receiveToEnd()
            #expect(answered.withLock { $0 } == 501)
            #expect(answer.utf8.count { $0 == 7 } == 501 * body.readableBytes)
        }
    }

    @Test("A large answer in memory arrives whole")
    func largeFixedAnswer() async throws {
        let body = ByteBuffer(repeating: 7, count: 3_000_001)
        try await withServer(Responder { _, _ in HTTPAnswer(status: 200, body: .bytes(body)) }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let answer = try await client.receiveToEnd()
            #expect(answer.contains("content-length: 3000001\r\n"))
            #expect(answer.utf8.count { $0 == 7 } == 3_000_001)
        }
    }

    // MARK: What is refused

    struct Refusal: Sendable {
        var request: String
        var status: String
        var code: String
    }

    @Test(
        "What is no request is answered by an S3 error document, and ends the connection",
        arguments: [
            Refusal(request: "GET / HTTP/1.1\nHost: h\n\n", status: "400 Bad Request", code: "BadRequest"),
            Refusal(
                request: "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", status: "501 Not Implemented",
                code: "NotImplemented"),
            Refusal(
                request: "GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "x", count: 20_000) + "\r\n\r\n",
                status: "400 Bad Request", code: "RequestHeaderSectionTooLarge"),
            Refusal(
                request: "GET / HTTP/3.0\r\n\r\n", status: "505 HTTP Version Not Supported",
                code: "HttpVersionNotSupported"),
        ])
    func refusals(_ row: Refusal) async throws {
        try await withServer(Responder { _, _ in .text("never") }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(row.request + Self.get)
            let answer = try await client.receiveToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(row.status)\r\n"))
            #expect(answer.contains("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(row.code)</Code>"))
            #expect(answer.contains("connection: close\r\n"))
            #expect(!answer.contains("never"))
            if row.code == "RequestHeaderSectionTooLarge" {
                #expect(answer.contains("<MaxSizeAllowed>16384</MaxSizeAllowed>"))
            }
        }
    }

    @Test("Connections beyond the limit are told to slow down; a closed one makes room")
    func connectionLimit() async throws {
        try await withServer(Responder { _, _ in .text("ok") }, configure: { $0.connectionLimit = 1 }) { server in
            let first = try await RawClient.connect(port: server.port)
            try await first.send(Self.get)
            try await first.receive(through: "ok")
            let second = try await RawClient.connect(port: server.port)
            let refusal = try await second.receiveToEnd()
            #expect(refusal.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(refusal.contains("<Code>SlowDown</Code>"))
            try await second.close()
            try await first.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            _ = try await first.receiveToEnd()
            // The server may still be closing its end of either.
            var answer = ""
            while !answer.hasPrefix("HTTP/1.1 200") {
                let third = try await RawClient.connect(port: server.port)
                try? await third.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                answer = try await third.receiveToEnd()
            }
        }
    }

    // MARK: Time

    @Test("A head that does not arrive is answered RequestTimeout")
    func headerTimeout() async throws {
        try await withServer(.describing, configure: { $0.headerTimeout = .milliseconds(40) }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET / HTTP/1.1\r\nHo")
            let answer = try await client.receiveToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("<Code>RequestTimeout</Code>"))
        }
    }

    @Test("An idle connection is closed without a word, before its first request and behind its last")
    func idleTimeout() async throws {
        // Long enough for a request to arrive on a busy machine.
        try await withServer(.describing, configure: { $0.idleTimeout = .seconds(20) }) { server in
            let silent = try await RawClient.connect(port: server.port)
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.get)
            #expect(try await client.receiveToEnd().hasSuffix("host=h"))
            #expect(try await silent.receiveToEnd() == "")
        }
    }

    @Test("A client that reads nothing for too long is cut off")
    func writeTimeout() async throws {
        let isFreed = Signal<Void>()
        final class Freed: Sendable {
            let signal: Signal<Void>
            init(_ signal: Signal<Void>) { self.signal = signal }
            deinit { self.signal.send(()) }
        }
        let responder = Responder { _, _ in
            let freed = Freed(isFreed)
            let chunk = ByteBuffer(repeating: 7, count: 1 << 20)
            let source = Source { withExtendedLifetime(freed) { chunk } }
            return HTTPAnswer(status: 200, body: .stream(byteCount: 1 << 40, source: source))
        }
        try await withServer(responder, configure: { $0.writeTimeout = .milliseconds(40) }) { server in
            let client = try await RawClient.connect(port: server.port, readsAtOnce: false)
            try await client.send(Self.get)
            await isFreed.wait()
        }
    }

    // MARK: Stopping

    @Test("Stopping closes idle connections and lets a running request finish")
    func gracefulStop() async throws {
        let isRunning = Signal<Void>()
        let goOn = Signal<Void>()
        let responder = Responder { head, _ in
            if head.target == "/slow" {
                isRunning.send(())
                await goOn.wait()
            }
            return .text("done")
        }
        try await withServer(responder) { server in
            let idle = try await RawClient.connect(port: server.port)
            try await idle.send(Self.get)
            try await idle.receive(through: "done")
            let busy = try await RawClient.connect(port: server.port)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            await isRunning.wait()
            async let stopped: Void = server.stop(grace: .seconds(30))
            #expect(try await idle.receiveToEnd().hasSuffix("done"))
            goOn.send(())
            #expect(try await busy.receiveToEnd().hasSuffix("connection: close\r\n\r\ndone"))
            await stopped
        }
    }

    @Test("At the deadline of a stop, running requests are cancelled, and waited for")
    func forcedStop() async throws {
        let isRunning = Signal<Void>()
        let isCancelled = Mutex(false)
        let responder = Responder { _, _ in
            isRunning.send(())
            try? await Task.sleep(for: .seconds(3600))
            isCancelled.withLock { $0 = Task.isCancelled }
            return .text("never")
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.get)
            await isRunning.wait()
            await server.stop(grace: .milliseconds(20))
            #expect(isCancelled.withLock { $0 })
            #expect(try await client.receiveToEnd() == "")
        }
    }
}
