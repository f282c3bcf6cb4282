import NIOCore
import Synchronization
import TernCore
import TernHTTPServer
import TernPorts
import Testing

@Suite("The body of a request")
struct RequestBodyTests {
    private static let next = "GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

    private static func put(_ fields: String) -> String {
        "PUT / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\r\n"
    }

    @Test(
        "It arrives whole, in whatever pieces it is sent",
        arguments: [HTTPServerConfiguration.Execution.eventLoop, .globalPool])
    func pieces(execution: HTTPServerConfiguration.Execution) async throws {
        try await withServer(.echoing, configure: { $0.execution = execution }) { server in
            let client = try await RawClient.connect(port: server.port)
            for piece in [Self.put("Content-Length: 10"), "01", "2345", "6789"] { try await client.send(piece) }
            #expect(try await client.receive(through: "6789").hasSuffix("\r\n\r\n0123456789"))
            client.forget()
            try await client.send(Self.put("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n" + Self.next)
            let both = try await client.receiveToEnd()
            #expect(both.contains("\r\n\r\nabcHTTP/1.1 200 OK"))
        }
    }

    @Test("A client that sends faster than the responder reads is stopped")
    func backPressure() async throws {
        let isStarted = Signal<Void>()
        let goOn = Signal<Void>()
        let responder = Responder { _, body in
            isStarted.send(())
            await goOn.wait()
            var byteCount = 0
            do {
                while let chunk = try await body.next() { byteCount += chunk.readableBytes }
            } catch {
                return .text("\(error)", status: 400)
            }
            return .text("got \(byteCount)")
        }
        let byteCount = 64 << 20
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: \(byteCount)"))
            let isSent = Mutex(false)
            async let sending: Void = {
                try await client.send(bytes: [UInt8](repeating: 7, count: byteCount))
                isSent.withLock { $0 = true }
            }()
            await isStarted.wait()
            // Other connections of the loop go on meanwhile.
            let other = try await RawClient.connect(port: server.port)
            try await other.send("BAD\r\n\r\n")
            _ = try await other.receiveToEnd()
            #expect(!isSent.withLock { $0 })
            goOn.send(())
            try await client.receive(through: "got \(byteCount)")
            try await sending
        }
    }

    // MARK: 100-continue

    @Test("100 Continue is sent when the responder asks for the body, once")
    func continues() async throws {
        let goOn = Signal<Void>()
        let responder = Responder { head, body in
            await goOn.wait()
            return await Responder.echoing.respond(to: head, body: body)
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4\r\nExpect: 100-continue"))
            #expect(client.receivedByteCount == 0)
            goOn.send(())
            let word = try await client.receive(through: "\r\n\r\n")
            #expect(word == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("ab")
            try await client.send("cd" + Self.next)
            let answer = try await client.receiveToEnd()
            #expect(answer.contains("\r\n\r\nabcdHTTP/1.1 200 OK"))
            #expect(answer.ranges(of: "100 Continue").count == 1)
        }
    }

    @Test("A responder that answers without reading sends no 100 Continue, and ends the connection")
    func refusesWithoutContinue() async throws {
        try await withServer(Responder { _, _ in .text("no", status: 403) }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4\r\nExpect: 100-continue"))
            let answer = try await client.receiveToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(answer.hasSuffix("connection: close\r\n\r\nno"))
        }
    }

    @Test("A client that did not wait for 100 Continue gets it all the same, before the answer")
    func unneededContinue() async throws {
        try await withServer(.echoing) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4\r\nExpect: 100-continue") + "abcd")
            #expect(try await client.receive(through: "abcd").hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"))
        }
    }

    // MARK: Bodies that nobody reads

    @Test("A small body that is not read is dropped, and the connection goes on")
    func drainsSmallBody() async throws {
        // However slow the machine is, the rest of the body is waited for.
        let responder = Responder { head, _ in .text("<\(head.target)>") }
        try await withServer(responder, configure: { $0.drainTimeout = .seconds(60) }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4"))
            #expect(try await !client.receive(through: "</>").contains("connection: close"))
            try await client.send("abcd" + Self.put("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n" + Self.next)
            #expect(try await client.receiveToEnd().hasSuffix("</next>"))
        }
    }

    @Test("A body that does not come is not waited for long")
    func drainTimeout() async throws {
        try await withServer(Responder { _, _ in .text("early") }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4") + "ab")
            #expect(try await client.receiveToEnd().hasSuffix("early"))
        }
    }

    @Test("A large body that is not read ends the connection, and the client still reads the answer")
    func lingers() async throws {
        try await withServer(Responder { _, _ in .text("too much", status: 413) }) { server in
            let client = try await RawClient.connect(port: server.port, readsAtOnce: false)
            try await client.send(Self.put("Content-Length: 3000000"))
            try await client.send(bytes: [UInt8](repeating: 7, count: 3_000_000))
            let answer = try await client.receiveToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
            #expect(answer.hasSuffix("connection: close\r\n\r\ntoo much"))
        }
    }

    @Test("Chunks without end that nobody reads end the connection")
    func endlessChunks() async throws {
        try await withServer(Responder { _, _ in .text("early") }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Transfer-Encoding: chunked"))
            let chunk = "10000\r\n" + String(repeating: "x", count: 65536) + "\r\n"
            for _ in 0..<8 { try? await client.send(chunk) }
            #expect(try await client.receiveToEnd().hasSuffix("early"))
        }
    }

    // MARK: Bodies that break off

    @Test("A body that ends early is an error, which can be answered")
    func endsEarly() async throws {
        try await withServer(.echoing) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4") + "ab")
            try await client.closeOutput()
            #expect(try await client.receiveToEnd().hasSuffix("error closed"))
        }
    }

    @Test("A body that stalls is an error, which can be answered")
    func stalls() async throws {
        try await withServer(.echoing, configure: { $0.bodyTimeout = .milliseconds(40) }) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4") + "ab")
            let answer = try await client.receiveToEnd()
            #expect(answer.hasSuffix("connection: close\r\n\r\nerror timedOut"))
        }
    }

    @Test("Broken chunks are an error, which can be answered")
    func malformedChunks() async throws {
        try await withServer(.echoing) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Transfer-Encoding: chunked") + "x\r\n" + Self.next)
            let answer = try await client.receiveToEnd()
            #expect(answer.hasSuffix("connection: close\r\n\r\nerror malformed"))
        }
    }

    @Test("A connection that is reset cancels the request's task")
    func cancels() async throws {
        let outcome = Signal<String>()
        let isStarted = Signal<Void>()
        let responder = Responder { _, body in
            isStarted.send(())
            do {
                while try await body.next() != nil {}
                outcome.send("complete")
            } catch {
                outcome.send("\(error)")
            }
            return .text("unheard")
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4"))
            await isStarted.wait()
            try await client.close()
            #expect(await outcome.wait() == "closed")
        }
    }

    @Test("Behind the answer the body is closed to the responder")
    func closedAfterAnswer() async throws {
        let kept = Signal<any HTTPRequestBody>()
        let responder = Responder { _, body in
            kept.send(body)
            return .text("early")
        }
        try await withServer(responder) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.put("Content-Length: 4"))
            try await client.receive(through: "early")
            let body = await kept.wait()
            await #expect(throws: HTTPBodyError.closed) { try await body.next() }
        }
    }
}
