import TernCore
import Testing

@testable import TernFederation

@Suite("Messages that are handed on")
struct ForwardedMessageTests {
    @Test("Fields of the connection stay behind, and those that it names; never the host or the signature")
    func fields() {
        let headers = HeaderFields(
            [
                ("host", "h:1"), ("connection", "close, X-Mine ,host,authorization"), ("x-mine", "1"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"), ("expect", "100-continue"), ("authorization", "AWS4"),
                ("x-amz-meta-a", "1"), ("x-amz-meta-a", "2"), ("content-length", "3"),
            ].map { HeaderFields.Field(name: $0.0, value: $0.1) })
        let kept = ForwardedMessage.endToEndFields(headers)
        #expect(
            kept.map(\.name) == [
                "host", "expect", "authorization", "x-amz-meta-a", "x-amz-meta-a", "content-length",
            ])
    }

    @Test(
        "A target keeps its octets; what cannot stand in a URL is escaped",
        arguments: [
            ("/b/a//b/../c%2Fd?x-id=GetObject&k=+%20", "/b/a//b/../c%2Fd?x-id=GetObject&k=+%20"),
            ("/b/x|y#z\"[1]", "/b/x%7Cy%23z%22%5B1%5D"),
            ("/b/\u{e4}", "/b/%C3%A4"),
        ])
    func targets(raw: String, expected: String) {
        #expect(ForwardedMessage.urlForm(ofTarget: raw) == expected)
    }
}
