import NIOCore
import TernCore
import TernPorts

/// Answers `GET /metrics` on an address of its own, so that no bucket's name is taken.
struct MetricsResponder: HTTPResponder {
    let page: @Sendable () async -> [UInt8]

    func respond(to head: HTTPRequestHead, body: any HTTPRequestBody) async -> HTTPAnswer {
        let path = head.target.prefix { $0 != "?" }
        guard path == "/metrics" else { return Self.text(404, "there is only /metrics here\n") }
        guard head.method == "GET" || head.method == "HEAD" else {
            return Self.text(405, "/metrics is asked with GET\n")
        }
        return HTTPAnswer(
            status: 200,
            headers: HeaderFields([.init(name: "content-type", value: PrometheusText.contentType)]),
            body: .bytes(ByteBuffer(bytes: await self.page())))
    }

    private static func text(_ status: Int, _ text: String) -> HTTPAnswer {
        HTTPAnswer(
            status: status, headers: HeaderFields([.init(name: "content-type", value: "text/plain; charset=utf-8")]),
            body: .bytes(ByteBuffer(string: text)))
    }
}
