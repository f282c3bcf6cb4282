import NIOCore
import TernCore
package import TernPorts

/// The console of a region: one page, and the JSON that it shows (docs/console.md). Nothing can be changed by it.
package struct ConsoleResponder: HTTPResponder {
    private let token: ConsoleToken
    private let source: any ConsoleSource

    package init(token: ConsoleToken, source: any ConsoleSource) {
        self.token = token
        self.source = source
    }

    package func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        do throws(ConsoleProblem) {
            return try await self.answer(head)
        } catch {
            return Self.answer(to: head, error)
        }
    }

    private func answer(_ head: HTTPRequestHead) async throws(ConsoleProblem) -> HTTPAnswer {
        let path = String(head.target.prefix { $0 != "?" })
        // Before anything else, so that nothing is learnt without the token.
        if ConsoleRoute.isProtected(path), !self.token.isIn(head.headers["authorization"]) {
            throw ConsoleProblem(
                status: 401, code: "Unauthorized", message: "Send the console's token: Authorization: Bearer TOKEN.")
        }
        guard let target = RequestTarget(head.target) else {
            throw .badRequest("The request target cannot be read.")
        }
        let route = try ConsoleRoute(target)
        guard head.method == "GET" else {
            throw ConsoleProblem(
                status: 405, code: "MethodNotAllowed", message: "The console is read with GET, and changes nothing.")
        }
        switch route {
        case .page: return Self.page
        case .question(let question):
            return Self.json(200, try await self.source.answer(question))
        }
    }

    // MARK: Answers

    private static let page: HTTPAnswer = {
        var headers = Self.common
        headers.append("content-type", "text/html; charset=utf-8")
        headers.append("content-security-policy", ConsolePage.contentSecurityPolicy)
        return HTTPAnswer(status: 200, headers: headers, body: .bytes(ByteBuffer(string: ConsolePage.html)))
    }()

    /// No other site may read, frame or guess what is here, and nothing is kept.
    private static let common = HeaderFields([
        .init(name: "cache-control", value: "no-store"),
        .init(name: "x-content-type-options", value: "nosniff"),
        .init(name: "x-frame-options", value: "DENY"),
        .init(name: "referrer-policy", value: "no-referrer"),
        .init(name: "cross-origin-resource-policy", value: "same-origin"),
        .init(name: "cross-origin-opener-policy", value: "same-origin"),
    ])

    private static func json(_ status: Int, _ text: String) -> HTTPAnswer {
        var headers = Self.common
        headers.append("content-type", "application/json")
        return HTTPAnswer(status: status, headers: headers, body: .bytes(ByteBuffer(string: text)))
    }

    private static func answer(to head: HTTPRequestHead, _ problem: ConsoleProblem) -> HTTPAnswer {
        let text =
            "{\"error\":{\"code\":\(JSONString.quoted(problem.code)),"
            + "\"message\":\(JSONString.quoted(problem.message))}}"
        var answer = Self.json(problem.status, text)
        if problem.status == 401 { answer.headers.append("www-authenticate", "Bearer realm=\"tern console\"") }
        if problem.status == 405 { answer.headers.append("allow", "GET") }
        return answer
    }
}
