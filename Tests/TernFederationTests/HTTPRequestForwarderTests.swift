import NIOCore
import Synchronization
import TernCore
import TernFederation
import TernPorts
import Testing

/// A client's body: chunks, and then its end, an error, or nothing for as long as the reader waits.
private final class ClientBody: HTTPRequestBody {
    enum End { case complete, never, failed(HTTPBodyError) }

    private let chunks: Mutex<[ByteBuffer]>
    private let end: End
    private let calls = Mutex(0)

    init(_ chunks: [String] = [], end: End = .complete) {
        self.chunks = Mutex(chunks.map { ByteBuffer(string: $0) })
        self.end = end
    }

    var isAsked: Bool { self.calls.withLock { $0 > 0 } }

    func next() async throws -> ByteBuffer? {
        self.calls.withLock { $0 += 1 }
        if let chunk = self.chunks.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return chunk }
        switch self.end {
        case .complete: return nil
        case .failed(let error): throw error
        case .never:
            for await _ in AsyncStream<Void>.makeStream().stream {}
            throw CancellationError()
        }
    }
}

/// A body that never ends.
private final class EndlessBody: HTTPRequestBody {
    let sentByteCount = Mutex(0)

    func next() async throws -> ByteBuffer? {
        self.sentByteCount.withLock { $0 += 65_536 }
        return ByteBuffer(repeating: 0x61, count: 65_536)
    }
}

@Suite("Requests that are handed on, and regions that fail under them (RGN-5)", .timeLimit(.minutes(5)))
struct HTTPRequestForwarderTests {
    private static let region = RegionName(trusted: "eu-west-1")

    /// Short limits for what a test waits for, long ones for what must not decide it.
    private func withForwarder(
        scheme: String = "http",
        _ change: (inout ForwardingTimeouts) -> Void = { _ in },
        peer: ScriptedPeer,
        _ body: (HTTPRequestForwarder) async throws -> Void
    ) async throws {
        var timeouts = ForwardingTimeouts()
        for limit in [\ForwardingTimeouts.sending, \.answer, \.longAnswer, \.receiving] {
            timeouts[keyPath: limit] = .seconds(30)
        }
        change(&timeouts)
        let federation = FederationConfiguration(
            region: RegionName(trusted: "us-east-1"), home: RegionName(trusted: "us-east-1"),
            regions: RegionMap([Self.region: "\(scheme)://127.0.0.1:\(peer.port)"]), accessKeyID: "F", secret: "s",
            ownEndpoint: "")
        let trust = try PeerTrust(authorities: [])
        let forwarder = HTTPRequestForwarder(federation: federation, trust: { trust }, timeouts: timeouts)
        let result: Result<Void, any Error>
        do { result = .success(try await body(forwarder)) } catch { result = .failure(error) }
        forwarder.shutDown()
        try await peer.stop()
        try result.get()
    }

    private func head(
        _ method: String, _ target: String = "/b/k", _ fields: [(String, String)] = []
    ) -> HTTPRequestHead {
        HTTPRequestHead(
            method: method, target: target,
            headers: HeaderFields(([("host", "h:1")] + fields).map { .init(name: $0.0, value: $0.1) }))
    }

    private static func text(_ body: HTTPAnswer.Body) async throws -> String {
        switch body {
        case .none: return ""
        case .bytes(let bytes): return String(buffer: bytes)
        case .stream(_, let source), .chunked(let source):
            var text = ""
            while let chunk = try await source.next() { text += String(buffer: chunk) }
            return text
        }
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private func expectNoAnswer(_ words: String, _ work: () async throws -> Void) async {
        let error = await #expect(throws: ForwardingError.self) { try await work() }
        guard case .noAnswer(let why) = error else {
            Issue.record("\(String(describing: error)) is not `noAnswer`")
            return
        }
        #expect(why.contains(words), "\(why)")
    }

    // MARK: What is sent

    @Test("A request arrives as it was signed: its target, an empty length of a GET, and its fields in their order")
    func asItCame() async throws {
        let peer = try await ScriptedPeer { _, _ in .write(Self.ok) }
        try await self.withForwarder(peer: peer) { forwarder in
            let fields = [("content-length", "0"), ("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")]
            let answer = try await forwarder.forward(
                self.head("GET", "/b/x|y//../%2f?k=+%20\"", fields), body: ClientBody(), to: Self.region)
            #expect(try await Self.text(answer.body) == "ok")
        }
        #expect(
            peer.record.received == "GET /b/x|y//../%2f?k=+%20\" HTTP/1.1\r\nhost: h:1\r\ncontent-length: 0\r\n"
                + "x-amz-meta-a: 1\r\nx-amz-meta-a: 2\r\nx-tern-forwarded-by: us-east-1\r\n\r\n")
    }

    @Test("A body in chunks stays one, whatever the sizes of its pieces")
    func chunked() async throws {
        let peer = try await ScriptedPeer { received, _ in received.hasSuffix("0\r\n\r\n") ? .write(Self.ok) : .wait }
        try await self.withForwarder(peer: peer) { forwarder in
            let answer = try await forwarder.forward(
                self.head("PUT", "/b/k", [("transfer-encoding", "chunked")]), body: ClientBody(["hello", "you"]),
                to: Self.region)
            #expect(try await Self.text(answer.body) == "ok")
        }
        #expect(peer.record.received.hasSuffix("\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"))
    }

    @Test("A connection serves one request after the other")
    func reuse() async throws {
        let peer = try await ScriptedPeer { _, _ in .write(Self.ok) }
        try await self.withForwarder(peer: peer) { forwarder in
            for _ in 0..<5 {
                let answer = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
                #expect(try await Self.text(answer.body) == "ok")
            }
            #expect(peer.record.connectionCount == 1)
            // An answer that nobody reads to its end takes its connection along.
            _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            await peer.connectionCloses()
            _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            #expect(peer.record.connectionCount == 2)
        }
    }

    // MARK: 100 Continue

    @Test("A refusal comes without the body that the client holds back")
    func refusedWithoutBody() async throws {
        let peer = try await ScriptedPeer { _, _ in .write("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno") }
        try await self.withForwarder(peer: peer) { forwarder in
            let body = ClientBody(["hello"])
            let answer = try await forwarder.forward(
                self.head("PUT", "/b/k", [("content-length", "5"), ("expect", "100-continue")]), body: body,
                to: Self.region)
            #expect(answer.status == 404)
            #expect(try await Self.text(answer.body) == "no")
            #expect(!body.isAsked)
        }
        #expect(!peer.record.received.contains("hello"))
        #expect(peer.record.received.contains("expect: 100-continue\r\n"))
    }

    @Test("The client is asked for its body when the other region asks; other interim answers mean nothing")
    func continued() async throws {
        let peer = try await ScriptedPeer { received, _ in
            if received.hasSuffix("hello") { return .write(Self.ok) }
            guard received.hasSuffix("\r\n\r\n") else { return .wait }
            return .write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        }
        try await self.withForwarder(peer: peer) { forwarder in
            let answer = try await forwarder.forward(
                self.head("PUT", "/b/k", [("content-length", "5"), ("expect", "100-continue")]),
                body: ClientBody(["hel", "lo"]), to: Self.region)
            #expect(answer.status == 200)
        }
    }

    @Test("A client that names `Expect` in `Connection` is asked for its body at once")
    func expectOfTheConnection() async throws {
        let peer = try await ScriptedPeer { received, _ in received.hasSuffix("hello") ? .write(Self.ok) : .wait }
        try await self.withForwarder(peer: peer) { forwarder in
            let fields = [("content-length", "5"), ("expect", "100-continue"), ("connection", "expect")]
            let answer = try await forwarder.forward(
                self.head("PUT", "/b/k", fields), body: ClientBody(["hello"]), to: Self.region)
            #expect(answer.status == 200)
        }
        #expect(!peer.record.received.contains("expect"))
    }

    @Test("An answer that comes before the request is sent is not held up by the rest of the request")
    func earlyAnswer() async throws {
        let peer = try await ScriptedPeer { received, _ in
            received.contains("half") ? .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno") : .wait
        }
        try await self.withForwarder(peer: peer) { forwarder in
            let answer = try await forwarder.forward(
                self.head("PUT", "/b/k", [("content-length", "8")]), body: ClientBody(["half"], end: .never),
                to: Self.region)
            #expect(answer.status == 403)
            #expect(try await Self.text(answer.body) == "no")
            // The connection is in the middle of a request; it is not used for another.
            await peer.connectionCloses()
        }
    }

    // MARK: Failures

    @Test(
        "A client's body that breaks off is told from a region that does", arguments: [HTTPBodyError.timedOut, .closed])
    func brokenBody(error: HTTPBodyError) async throws {
        let peer = try await ScriptedPeer { _, _ in .wait }
        try await self.withForwarder(peer: peer) { forwarder in
            await #expect(throws: ForwardingError.brokenBody(error)) {
                try await forwarder.forward(
                    self.head("PUT", "/b/k", [("content-length", "8")]),
                    body: ClientBody(["half"], end: .failed(error)),
                    to: Self.region)
            }
            await peer.connectionCloses()
        }
    }

    @Test(
        "A region that accepts and never answers",
        arguments: [
            ("GET", [], []), ("PUT", [("content-length", "5")], ["hello"]),
            ("PUT", [("content-length", "5"), ("expect", "100-continue")], ["hello"]),
        ] as [(String, [(String, String)], [String])])
    func silence(method: String, fields: [(String, String)], chunks: [String]) async throws {
        let peer = try await ScriptedPeer { _, _ in .wait }
        try await self.withForwarder({ $0.answer = .milliseconds(100) }, peer: peer) { forwarder in
            await self.expectNoAnswer("did not answer in time") {
                _ = try await forwarder.forward(
                    self.head(method, "/b/k", fields), body: ClientBody(chunks), to: Self.region)
            }
            await peer.connectionCloses()
        }
    }

    @Test("A region is not waited for while it is the client that is slow")
    func slowClient() async throws {
        let peer = try await ScriptedPeer { received, _ in received.hasSuffix("end") ? .write(Self.ok) : .wait }
        /// Sends the end of its body after the limit for an answer: when another request, begun later, had none in time.
        final class SlowBody: HTTPRequestBody {
            let step = Mutex(0)
            let waitForLimit: @Sendable () async -> Void
            init(waitForLimit: @escaping @Sendable () async -> Void) { self.waitForLimit = waitForLimit }
            func next() async throws -> ByteBuffer? {
                let step = self.step.withLock { step in
                    defer { step += 1 }
                    return step
                }
                if step == 1 { await self.waitForLimit() }
                return step < 2 ? ByteBuffer(string: step == 0 ? "begin" : "end") : nil
            }
        }
        try await self.withForwarder({ $0.answer = .seconds(1) }, peer: peer) { forwarder in
            let body = SlowBody {
                await self.expectNoAnswer("did not answer in time") {
                    _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
                }
            }
            let answer = try await forwarder.forward(
                self.head("PUT", "/b/k", [("content-length", "8")]), body: body, to: Self.region)
            #expect(answer.status == 200)
        }
    }

    @Test("Copies and completions may take longer")
    func slowOperations() async throws {
        for (method, target, fields) in [
            ("PUT", "/b/k", [("x-amz-copy-source", "/b/s"), ("content-length", "0")]),
            ("POST", "/b/k?uploadId=1", [("content-length", "0")]),
        ] {
            let peer = try await ScriptedPeer { _, _ in .wait }
            let change = { (timeouts: inout ForwardingTimeouts) in
                timeouts.answer = .milliseconds(1)
                timeouts.longAnswer = .milliseconds(200)
            }
            try await self.withForwarder(change, peer: peer) { forwarder in
                let duration = await ContinuousClock().measure {
                    await self.expectNoAnswer("did not answer in time") {
                        _ = try await forwarder.forward(
                            self.head(method, target, fields), body: ClientBody(), to: Self.region)
                    }
                }
                #expect(duration >= .milliseconds(200))
            }
        }
    }

    @Test("A region that takes no more of a body: no more is asked of the client either")
    func takesNothing() async throws {
        let peer = try await ScriptedPeer(reads: false) { _, _ in .wait }
        try await self.withForwarder({ $0.sending = .milliseconds(200) }, peer: peer) { forwarder in
            let body = EndlessBody()
            await self.expectNoAnswer("did not take more of the request in time") {
                _ = try await forwarder.forward(
                    self.head("PUT", "/b/k", [("content-length", "1000000000")]), body: body, to: Self.region)
            }
            // What the kernel's buffers hold.
            #expect(body.sentByteCount.withLock { $0 } < 32 << 20)
        }
    }

    @Test("A region that stops in the middle of an answer: no end is made up", arguments: [true, false])
    func halfAnAnswer(closes: Bool) async throws {
        for head in ["Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
            let text = "HTTP/1.1 200 OK\r\n\(head)"
            let peer = try await ScriptedPeer { _, _ in closes ? .writeAndClose(text) : .write(text) }
            try await self.withForwarder({ $0.receiving = .milliseconds(100) }, peer: peer) { forwarder in
                let answer = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
                #expect(answer.status == 200)
                await #expect(throws: (any Error).self) { try await Self.text(answer.body) }
                await peer.connectionCloses()
            }
        }
    }

    @Test(
        "Half an answer's head, none, or none of HTTP",
        arguments: ["HTTP/1.1 200 OK\r\nConte", "", "220 ready\r\n\r\n"])
    func noHead(text: String) async throws {
        let peer = try await ScriptedPeer { _, _ in .writeAndClose(text) }
        try await self.withForwarder(peer: peer) { forwarder in
            await self.expectNoAnswer("region eu-west-1") {
                _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            }
        }
    }

    @Test("Half-open connections: one that gets no answer takes those along that wait beside it")
    func halfOpen() async throws {
        // Two connections answer once and then never again, as if the way to the region were lost.
        let answered = Mutex<Set<Int>>([])
        let peer = try await ScriptedPeer { _, connection in
            let isFirst = answered.withLock { $0.insert(connection).inserted }
            return isFirst || connection > 2 ? .write(Self.ok) : .wait
        }
        // Those that are answered must be, also where hundreds of tests run beside this one.
        try await self.withForwarder({ $0.answer = .seconds(8) }, peer: peer) { forwarder in
            let first = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            let second = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            for answer in [first, second] { #expect(try await Self.text(answer.body) == "ok") }
            #expect(peer.record.connectionCount == 2)
            await self.expectNoAnswer("did not answer in time") {
                _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            }
            let fourth = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            #expect(try await Self.text(fourth.body) == "ok")
            #expect(peer.record.connectionCount == 3)
        }
    }

    @Test("A connection that the region closes while it waits is not used again")
    func closedWhileIdle() async throws {
        let peer = try await ScriptedPeer { _, _ in .writeAndClose(Self.ok) }
        try await self.withForwarder(peer: peer) { forwarder in
            for _ in 0..<3 {
                let answer = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
                #expect(try await Self.text(answer.body) == "ok")
                await peer.connectionCloses()
            }
        }
    }

    // MARK: Connections that are closed while they are used again

    /// Uses a connection, then sends a request that the region does not answer, closing the connection instead, as it
    /// does when it gave it up a moment ago. Connections behind the first work.
    private func onClosedConnection(
        _ head: HTTPRequestHead, body: ClientBody, partOfAnswer: String = "", whenComplete isComplete: String,
        _ check: (Result<String, any Error>, ScriptedPeer) throws -> Void
    ) async throws {
        let requests = Mutex(0)
        let peer = try await ScriptedPeer { received, connection in
            if requests.withLock({ $0 == 0 }) {
                requests.withLock { $0 += 1 }
                return .write(Self.ok)
            }
            guard received.hasSuffix(isComplete) else { return .wait }
            return connection == 1 ? .writeAndClose(partOfAnswer) : .write(Self.ok)
        }
        try await self.withForwarder(peer: peer) { forwarder in
            let first = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            #expect(try await Self.text(first.body) == "ok")
            let result: Result<String, any Error>
            do {
                let answer = try await forwarder.forward(head, body: body, to: Self.region)
                result = .success(try await Self.text(answer.body))
            } catch {
                result = .failure(error)
            }
            try check(result, peer)
        }
    }

    @Test(
        "A request that a closed connection swallowed is sent once more, on a new one",
        arguments: [
            ("GET", [], []), ("HEAD", [], []), ("DELETE", [], []), ("PUT", [("content-length", "0")], []),
            ("PUT", [("content-length", "5")], ["hel", "lo"]),
            ("PUT", [("content-length", "5"), ("expect", "100-continue")], ["hello"]),
            ("POST", [("content-length", "5"), ("expect", "100-continue")], ["hello"]),
            ("PUT", [("if-none-match", "*"), ("content-length", "5"), ("expect", "100-continue")], ["hello"]),
        ] as [(String, [(String, String)], [String])])
    func sentAgain(method: String, fields: [(String, String)], chunks: [String]) async throws {
        let isHeldBack = fields.contains { $0.0 == "expect" }
        let end = isHeldBack || chunks.isEmpty ? "\r\n\r\n" : chunks.joined()
        let body = ClientBody(chunks)
        try await self.onClosedConnection(self.head(method, "/b/again", fields), body: body, whenComplete: end) {
            result, peer in
            let text = try result.get()
            #expect(text == (method == "HEAD" ? "" : "ok"))
            #expect(peer.record.connectionCount == 2)
            #expect(peer.record.received.split(separator: "/b/again").count == 3)
            if !isHeldBack, !chunks.isEmpty {
                #expect(peer.record.received.split(separator: end, omittingEmptySubsequences: false).count == 3)
            }
            #expect(body.isAsked == !isHeldBack)
        }
    }

    @Test(
        "What may have been done, and would mean something else the second time, is not sent again",
        arguments: [
            ("POST", [("content-length", "0")], []), ("POST", [("content-length", "5")], ["hello"]),
            ("PUT", [("content-length", "5"), ("if-none-match", "*")], ["hello"]),
            ("DELETE", [("if-match", "e")], []),
        ] as [(String, [(String, String)], [String])])
    func notSentAgain(method: String, fields: [(String, String)], chunks: [String]) async throws {
        let end = chunks.isEmpty ? "\r\n\r\n" : chunks.joined()
        try await self.onClosedConnection(
            self.head(method, "/b/again", fields), body: ClientBody(chunks), whenComplete: end
        ) { result, peer in
            #expect(throws: ForwardingError.self) { try result.get() }
            #expect(peer.record.connectionCount == 1)
        }
    }

    @Test("Nor is a request whose answer began")
    func answerBegan() async throws {
        for part in ["H", "HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 100 Continue\r\n\r\n"] {
            try await self.onClosedConnection(
                self.head("GET", "/b/again"), body: ClientBody(), partOfAnswer: part, whenComplete: "\r\n\r\n"
            ) { result, peer in
                #expect(throws: ForwardingError.self) { try result.get() }
                #expect(peer.record.connectionCount == 1)
            }
        }
    }

    @Test("Nor is a body of which too much was sent to be kept")
    func largeBodySentOnce() async throws {
        let chunk = String(repeating: "a", count: 65_536)
        let body = ClientBody([chunk, chunk, "end"])
        try await self.onClosedConnection(
            self.head("PUT", "/b/again", [("content-length", "131075")]), body: body, whenComplete: "end"
        ) { result, peer in
            #expect(throws: ForwardingError.self) { try result.get() }
            #expect(peer.record.connectionCount == 1)
        }
    }

    @Test("A request is sent again once: the next failure is told")
    func sentAgainOnce() async throws {
        let isFirst = Mutex(true)
        let peer = try await ScriptedPeer { _, _ in
            isFirst.withLock { first in
                defer { first = false }
                return first ? .write(Self.ok) : .writeAndClose("")
            }
        }
        try await self.withForwarder(peer: peer) { forwarder in
            let first = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            #expect(try await Self.text(first.body) == "ok")
            await self.expectNoAnswer("it closed the connection") {
                _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            }
            #expect(peer.record.connectionCount == 2)
        }
    }

    @Test("A handshake that is never answered")
    func silentHandshake() async throws {
        let peer = try await ScriptedPeer { _, _ in .wait }
        try await self.withForwarder(scheme: "https", { $0.handshake = .milliseconds(100) }, peer: peer) { forwarder in
            await self.expectNoAnswer("did not end the handshake of TLS in time") {
                _ = try await forwarder.forward(self.head("GET"), body: ClientBody(), to: Self.region)
            }
            await peer.connectionCloses()
        }
    }

    @Test("A client that goes away ends the request to the other region")
    func cancelled() async throws {
        let (requests, arrived) = AsyncStream.makeStream(of: Void.self)
        let peer = try await ScriptedPeer { _, _ in
            arrived.yield()
            return .wait
        }
        try await self.withForwarder(peer: peer) { forwarder in
            let head = self.head("PUT", "/b/k", [("content-length", "8")])
            let task = Task {
                try await forwarder.forward(head, body: ClientBody(["half"], end: .never), to: Self.region)
            }
            for await _ in requests { break }
            task.cancel()
            await #expect(throws: ForwardingError.self) { try await task.value }
            await peer.connectionCloses()
        }
    }
}
