import NIOCore
import TernCore
import Testing

@testable import TernHTTPServer

@Suite("The head of a request")
struct RequestHeadParserTests {
    private static func parse(_ text: String, limit: Int = 1024) -> RequestHeadParser.Outcome {
        self.parse(bytes: Array(text.utf8), limit: limit)
    }

    private static func parse(bytes: [UInt8], limit: Int = 1024) -> RequestHeadParser.Outcome {
        var parser = RequestHeadParser(byteLimit: limit)
        var buffer = ByteBuffer(bytes: bytes)
        return parser.parse(&buffer)
    }

    private static func head(_ text: String) throws -> RequestHead {
        try #require(self.head(of: self.parse(text)))
    }

    private static func head(of outcome: RequestHeadParser.Outcome) -> RequestHead? {
        if case .head(let head) = outcome { head } else { nil }
    }

    private static func rejection(of outcome: RequestHeadParser.Outcome) -> RequestRejection? {
        if case .rejected(let rejection) = outcome { rejection } else { nil }
    }

    @Test("Method, target and values are kept as written; names are in lower case; blanks around values go")
    func keepsWhatWasWritten() throws {
        let head = try Self.head(
            "PUT /b/a%2Fb//c+d?x=%20&Y HTTP/1.1\r\nHost: h:9000\r\nX-Amz-Meta-Name: \t a  B \t\r\nEmpty:\r\n\r\n")
        #expect(head.method == "PUT")
        #expect(head.target == "/b/a%2Fb//c+d?x=%20&Y")
        #expect(
            head.headers.fields == [
                .init(name: "host", value: "h:9000"), .init(name: "x-amz-meta-name", value: "a  B"),
                .init(name: "empty", value: ""),
            ])
        #expect(head.keepsAlive)
        #expect(head.framing == .length(0))
    }

    @Test("Values are UTF-8 where they can be, else Latin-1")
    func valueEncodings() throws {
        let utf8 = try Self.head("GET / HTTP/1.1\r\nhost: h\r\nx: grün\r\n\r\n")
        #expect(utf8.headers["x"] == "grün")
        let bytes = Array("GET / HTTP/1.1\r\nhost: h\r\nx: gr".utf8) + [0xFC] + Array("n\r\n\r\n".utf8)
        #expect(Self.head(of: Self.parse(bytes: bytes))?.headers["x"] == "grün")
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        var text: String
        var rejection: RequestRejection = .malformed
        var why: String
        var testDescription: String { self.why }
    }

    @Test(
        "What two parties could read differently is refused",
        arguments: [
            Bad(text: "GET / HTTP/1.1\nHost: h\n\n", why: "bare LF"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\nX: a\nY: b\r\n\r\n", why: "bare LF behind a value"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", why: "CR inside a value"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n", why: "NUL inside a value"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", why: "folded line"),
            Bad(text: "GET / HTTP/1.1\r\n Host: h\r\n\r\n", why: "first field folded"),
            Bad(text: "GET / HTTP/1.1\r\nHost : h\r\n\r\n", why: "blank before the colon"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n", why: "empty name"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n", why: "no colon"),
            Bad(text: "GET / HTTP/1.1\r\nHost: h\r\nX(): v\r\n\r\n", why: "name is no token"),
            Bad(text: "GET / HTTP/1.1\r\n\r\n", why: "no Host"),
            Bad(text: "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", why: "two Hosts"),
            Bad(
                text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", why: "two lengths"),
            Bad(text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", why: "a list of lengths"),
            Bad(text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", why: "a sign"),
            Bad(text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", why: "negative"),
            Bad(text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x10\r\n\r\n", why: "hexadecimal"),
            Bad(text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", why: "empty length"),
            Bad(text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n", why: "2^63"),
            Bad(
                text: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                why: "a length beside a transfer coding"),
            Bad(
                text: "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                why: "two transfer codings"),
            Bad(text: "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", why: "a coding that HTTP/1.0 lacks"),
            Bad(
                text: "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                rejection: .unknownTransferCoding, why: "gzip"),
            Bad(
                text: "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
                rejection: .unknownTransferCoding, why: "xchunked"),
            Bad(text: "GET  HTTP/1.1\r\nHost: h\r\n\r\n", why: "no target"),
            Bad(text: "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", why: "blank in the target"),
            Bad(text: "GET a HTTP/1.1\r\nHost: h\r\n\r\n", why: "target without slash"),
            Bad(text: "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", why: "method is no token"),
            Bad(text: "GET /\r\nHost: h\r\n\r\n", why: "HTTP/0.9"),
            Bad(text: "GET / http/1.1\r\nHost: h\r\n\r\n", why: "version in lower case"),
            Bad(text: "PRI * HTTP/2.0\r\n\r\n", rejection: .unsupportedVersion, why: "HTTP/2"),
            Bad(text: "GET / HTTP/1.2\r\nHost: h\r\n\r\n", rejection: .unsupportedVersion, why: "HTTP/1.2"),
        ])
    func refuses(_ bad: Bad) {
        #expect(Self.rejection(of: Self.parse(bad.text)) == bad.rejection)
    }

    @Test("A length given twice alike is one length")
    func sameLengths() throws {
        let head = try Self.head("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n")
        #expect(head.framing == .length(5))
    }

    @Test("The head may arrive byte by byte, behind empty lines")
    func trickle() throws {
        var parser = RequestHeadParser(byteLimit: 1024)
        var buffer = ByteBuffer()
        let text = "\r\n\r\nGET /key HTTP/1.1\r\nHost: h\r\n\r\n"
        for byte in text.utf8.dropLast() {
            buffer.writeInteger(byte)
            guard case .incomplete = parser.parse(&buffer) else {
                Issue.record("ended early")
                return
            }
        }
        buffer.writeInteger(UInt8(ascii: "\n"))
        #expect(Self.head(of: parser.parse(&buffer))?.target == "/key")
        #expect(buffer.readableBytes == 0)
    }

    @Test("What follows the head is left")
    func leavesTheRest() throws {
        var parser = RequestHeadParser(byteLimit: 1024)
        var buffer = ByteBuffer(string: "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nrest")
        #expect(Self.head(of: parser.parse(&buffer))?.target == "/1")
        #expect(Self.head(of: parser.parse(&buffer))?.target == "/2")
        #expect(String(buffer: buffer) == "rest")
    }

    @Test("A head of the limit is taken, one byte more is not, whether it has ended or not")
    func limit() throws {
        let text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        #expect(Self.head(of: Self.parse(text, limit: text.utf8.count)) != nil)
        #expect(Self.rejection(of: Self.parse(text, limit: 26)) == .headerTooLarge(limit: 26))
        #expect(Self.rejection(of: Self.parse(String(text.dropLast(2)), limit: 20)) == .headerTooLarge(limit: 20))
    }

    struct Persistence: Sendable {
        var text: String
        var keepsAlive: Bool
    }

    @Test(
        "Whether the connection stays open",
        arguments: [
            Persistence(text: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", keepsAlive: true),
            Persistence(text: "GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", keepsAlive: false),
            Persistence(text: "GET / HTTP/1.1\r\nHost: h\r\nConnection: x , close\r\n\r\n", keepsAlive: false),
            Persistence(text: "GET / HTTP/1.0\r\n\r\n", keepsAlive: false),
            Persistence(text: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", keepsAlive: true),
        ])
    func persistence(_ row: Persistence) throws {
        #expect(try Self.head(row.text).keepsAlive == row.keepsAlive)
    }

    @Test("The form that proxies are sent becomes path and host")
    func absoluteForm() throws {
        let head = try Self.head("GET http://b.s3.localhost:9000/k?q HTTP/1.1\r\nHost: other\r\n\r\n")
        #expect(head.target == "/k?q")
        #expect(head.headers.values("host") == ["b.s3.localhost:9000"])
        #expect(try Self.head("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").target == "/")
        #expect(try Self.head("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").target == "*")
    }

    @Test("A client of HTTP/1.1 may wait for the word, also with nothing to send")
    func expectWithoutBody() throws {
        #expect(
            try Self.head("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n")
                .expectsContinue)
        #expect(try Self.head("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n").expectsContinue)
        #expect(try !Self.head("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").expectsContinue)
    }

    @Test("Token bytes are those of RFC 9110")
    func tokenBytes() {
        let tokens = Set(
            "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max { #expect(RequestHeadParser.isTokenByte(byte) == tokens.contains(byte)) }
    }
}
