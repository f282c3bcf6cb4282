import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import TernCore

/// Posts to one URL: redirects are not followed, and answers are read up to a bound.
struct HTTPSender: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]

        /// The beginning of the body, for people.
        var text: String { String(decoding: self.body.prefix(200), as: UTF8.self) }
    }

    let url: String
    private let http: HTTPClient
    private let timeout: TimeAmount

    private static let maximumAnswerBytes = 256 * 1024

    init(url: String, timeout: Duration, tls: TLSConfiguration?) {
        self.url = url
        self.timeout = .milliseconds(timeout.wholeMilliseconds)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout.connect = .milliseconds(min(timeout.wholeMilliseconds, 5000))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
        configuration.httpVersion = .http1Only
        self.http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    /// - Throws: What stood in the way of an answer.
    func post(_ body: [UInt8], headers: [(name: String, value: String)]) async throws -> Answer {
        var request = HTTPClientRequest(url: self.url)
        request.method = .POST
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        request.headers.add(name: "user-agent", value: "Tern")
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await self.http.execute(request, timeout: self.timeout)
        let answer = try await response.body.collect(upTo: Self.maximumAnswerBytes)
        return Answer(status: Int(response.status.code), body: Array(answer.readableBytesView))
    }

    /// Posts, and makes of the status what it says about the message and the target.
    ///
    /// - Parameter accept: Looks at an answer of 2xx; says what is wrong with it.
    func deliver(
        _ body: [UInt8], headers: [(name: String, value: String)], accept: (Answer) -> String? = { _ in nil }
    ) async -> DeliveryResult {
        let answer: Answer
        do {
            answer = try await self.post(body, headers: headers)
        } catch {
            return .unavailable("no answer: \(error)")
        }
        switch answer.status {
        case 200..<300: return accept(answer).map { .unavailable($0) } ?? .delivered
        case 410: return .closed("answered 410: \(answer.text)")
        // What only the message, as it stands, can be at fault for.
        case 400, 413, 415, 422: return .refused("answered \(answer.status): \(answer.text)")
        default: return .unavailable("answered \(answer.status): \(answer.text)")
        }
    }

    func shutDown() async {
        // What is under way was given up before; an error here is of connections that are closed anyhow.
        try? await self.http.shutdown()
    }
}
