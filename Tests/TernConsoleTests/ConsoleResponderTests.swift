import NIOCore
import Synchronization
import TernCore
import TernPorts
import Testing

@testable import TernConsole

private let secret = "0123456789abcdef0123456789abcdef"

/// Answers every question with its name, and remembers it.
private final class RecordingSource: ConsoleSource {
    let asked = Mutex<[ConsoleQuestion]>([])

    func answer(_ question: ConsoleQuestion) async throws(ConsoleProblem) -> String {
        self.asked.withLock { $0.append(question) }
        if case .job("missing") = question { throw .notFound("There is no such job \"\u{1}.") }
        return "{}"
    }
}

private final class EmptyBody: HTTPRequestBody {
    func next() async throws -> ByteBuffer? { nil }
}

private func ask(
    _ target: String, method: String = "GET", authorization: String? = "Bearer " + secret,
    source: RecordingSource = RecordingSource()
) async throws -> HTTPAnswer {
    let token = try #require(ConsoleToken(secret))
    var headers = HeaderFields()
    if let authorization { headers.append("authorization", authorization) }
    return await ConsoleResponder(token: token, source: source).respond(
        to: HTTPRequestHead(method: method, target: target, headers: headers), body: EmptyBody())
}

private func text(_ answer: HTTPAnswer) -> String {
    guard case .bytes(let bytes) = answer.body else { return "" }
    return String(buffer: bytes)
}

@Suite struct ConsoleResponderTests {
    @Test(
        "Nothing under /api is answered without the token, whether it is there or not",
        arguments: [
            nil, "", "Bearer", "Bearer ", "Basic " + secret, "Bearer " + secret.dropLast(), "Bearer " + secret + "0",
            "Bearer 1" + secret.dropFirst(), secret, "Bearer \(secret) \(secret)",
        ] as [String?])
    func refused(authorization: String?) async throws {
        for target in ["/api/v1/overview", "/api/v1/nothing", "/api", "/api/v2/", "/api/v1/overview?x=%ZZ"] {
            let answer = try await ask(target, authorization: authorization)
            #expect(answer.status == 401)
            #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            #expect(text(answer).contains("\"code\":\"Unauthorized\""))
        }
    }

    @Test("The scheme is of any case, as HTTP has it", arguments: ["bearer", "BEARER", "Bearer"])
    func scheme(scheme: String) async throws {
        #expect(try await ask("/api/v1/overview", authorization: "\(scheme) \(secret)").status == 200)
    }

    @Test(
        "Questions and their parameters",
        arguments: [
            ("overview", .overview),
            ("failures", .failures(.init(limit: 100))),
            (
                "failures?bucket=b&reason=r&cursor=c&limit=7",
                .failures(.init(bucket: "b", reason: "r", cursor: "c", limit: 7))
            ),
            ("explain?bucket=b&key=a%2F%00b+c", .explanation(bucket: "b", key: "a/\u{0}b c", versionID: nil)),
            ("explain?bucket=b&key=k&versionId=null", .explanation(bucket: "b", key: "k", versionID: "null")),
            ("jobs", .jobs(after: nil, limit: 50)), ("jobs?cursor=1:x&limit=1000", .jobs(after: "1:x", limit: 1000)),
            ("jobs/a-b", .job("a-b")), ("events", .events),
            ("events/dead?target=arn:x", .deadLetters(target: "arn:x", limit: 100)),
        ] as [(String, ConsoleQuestion)])
    func questions(path: String, question: ConsoleQuestion) async throws {
        let source = RecordingSource()
        let answer = try await ask("/api/v1/" + path, source: source)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(source.asked.withLock { $0 } == [question])
    }

    @Test(
        "What is not a question",
        arguments: [
            ("/api/v1/overview?x=1", 400), ("/api/v1/failures?limit=0", 400), ("/api/v1/failures?limit=1001", 400),
            ("/api/v1/failures?limit=x", 400), ("/api/v1/failures?bucket=", 400), ("/api/v1/failures?bucket", 400),
            ("/api/v1/failures?bucket=a&bucket=b", 400), ("/api/v1/explain?bucket=b", 400),
            ("/api/v1/explain?key=b", 400), ("/api/v1/events/dead", 400), ("/api/v1/overview?a=%ZZ", 400),
            ("/api/v1/", 404), ("/api/v1/nothing", 404), ("/api/v2/overview", 404), ("/api/v1/overview/", 404),
            ("/api/v1/jobs/", 404), ("/api/v1/jobs/a/b", 404), ("/api/v1/jobs/missing", 404), ("/index.html", 404),
            ("//", 404),
        ])
    func problems(target: String, status: Int) async throws {
        let answer = try await ask(target)
        #expect(answer.status == status)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(text(answer).hasPrefix("{\"error\":{\"code\":\"\(status == 400 ? "BadRequest" : "NotFound")\""))
        #expect(!text(answer).unicodeScalars.contains("\u{1}"))
    }

    @Test("It is read only", arguments: ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
    func methods(method: String) async throws {
        for target in ["/", "/api/v1/overview"] {
            let source = RecordingSource()
            let answer = try await ask(target, method: method, source: source)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET")
            #expect(source.asked.withLock { $0 }.isEmpty)
        }
    }

    @Test("Tokens that could be guessed, or that a header cannot have, are none")
    func tokens() {
        #expect(ConsoleToken(String(secret.dropLast())) == nil)
        #expect(ConsoleToken(secret + " ") == nil)
        #expect(ConsoleToken(secret + "ä") == nil)
        #expect(ConsoleToken(String(repeating: "a", count: 513)) == nil)
    }
}

@Suite struct ConsolePageTests {
    @Test("The page needs no token, has none, and is not kept")
    func page() async throws {
        let answer = try await ask("/?any=thing", authorization: nil)
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["x-frame-options"] == "DENY")
        #expect(!text(answer).contains(secret))
    }

    @Test("Its policy lets nothing run or load but what is in it")
    func policy() throws {
        let policy = ConsolePage.contentSecurityPolicy
        #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        #expect(ConsolePage.html.contains("<script>\(ConsolePage.script)</script>"))
        #expect(ConsolePage.html.contains("<style>\(ConsolePage.style)</style>"))
        #expect(!ConsolePage.script.contains("</script"))
    }

    @Test(
        "No text becomes markup, and nothing is loaded from elsewhere",
        arguments: [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=", "http://", "https://",
        ])
    func markup(word: String) {
        #expect(!ConsolePage.html.contains(word))
    }
}
