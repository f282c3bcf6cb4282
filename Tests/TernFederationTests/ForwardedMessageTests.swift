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
}
