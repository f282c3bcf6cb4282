import NIOCore
import Testing

@testable import TernHTTPServer

@Suite("A body in chunks")
struct ChunkedBodyDecoderTests {
    /// The data of a body that arrives in pieces of `step` bytes, what ended it, and what is left behind it.
    private static func decode(_ text: String, step: Int) -> (
        data: String, end: ChunkedBodyDecoder.Outcome, rest: String
    ) {
        var decoder = ChunkedBodyDecoder()
        var buffer = ByteBuffer()
        var data = ""
        var bytes = Array(text.utf8)[...]
        while true {
            switch decoder.next(&buffer) {
            case .data(let piece): data += String(buffer: piece)
            case .incomplete:
                if bytes.isEmpty { return (data, .incomplete, String(buffer: buffer)) }
                buffer.writeBytes(bytes.prefix(step))
                bytes = bytes.dropFirst(step)
            case .end:
                buffer.writeBytes(bytes)
                return (data, .end, String(buffer: buffer))
            case .malformed: return (data, .malformed, "")
            }
        }
    }

    @Test("Chunks, extensions and trailer fields are read in pieces of any size", arguments: [1, 2, 3, 7, 1000])
    func decodes(step: Int) {
        let result = Self.decode(
            "4\r\nWiki\r\n00A ;x=\"y\"\r\n0123456789\r\n0\r\nExpires: never\r\n\r\nnext", step: step)
        #expect(result.data == "Wiki0123456789")
        #expect(result.end == .end)
        #expect(result.rest == "next")
    }

    @Test(
        "Broken framing is refused",
        arguments: [
            "x\r\n", "\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", "1 \r\na\r\n", " 1\r\na\r\n", "1\na\r\n",
            "1\r\nab\r\n",
            "1\r\na\n", "1\r\naX\n", "1234567890ABCDEF\r\n", "1;a\rb\r\na\r\n", "1x\r\na\r\n", "0\r\nno colon\r\n",
            "0\r\n folded: x\r\n", "0\r\na: b\n\r\n", "0\r\nbad name: x\r\n",
        ])
    func refuses(_ text: String) {
        #expect(Self.decode(text, step: 1).end == .malformed)
        #expect(Self.decode(text, step: 1000).end == .malformed)
    }

    @Test("A line or a trailer without end is refused")
    func limits() {
        #expect(Self.decode("1;" + String(repeating: "x", count: 2000), step: 100).end == .malformed)
        let fields = String(repeating: "a: b\r\n", count: 2000)
        #expect(Self.decode("0\r\n" + fields, step: 100).end == .malformed)
    }
}
