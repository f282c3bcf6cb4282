import TernS3Protocol
import Testing

/// Spec rule ERR-10.
@Suite struct RequestDocumentTests {
    @Test("ERR-10: no body, too much body, no XML, another root")
    func faults() {
        #expect(s3Error { _ = try RequestDocument.parse([], root: "A") }?.code == "MissingRequestBodyError")
        #expect(s3Error { _ = try RequestDocument.parse(bytes("<A>"), root: "A") } == .malformedXML)
        #expect(s3Error { _ = try RequestDocument.parse(bytes("<B/>"), root: "A") } == .malformedXML)
        #expect(s3Error { _ = try RequestDocument.parse(bytes("<B/>"), root: "A", "B") } == nil)
        let large = s3Error { _ = try RequestDocument.parse(bytes("<A></A>"), root: "A", maximumByteCount: 5) }
        #expect(large?.code == "MaxMessageLengthExceeded")
        #expect(large?["MaxMessageLengthBytes"] == "5")
        let huge = s3Error { _ = try RequestDocument.parse([UInt8](repeating: 32, count: (4 << 20) + 1), root: "A") }
        #expect(huge?["MaxMessageLengthBytes"] == "1048576")
    }
}
