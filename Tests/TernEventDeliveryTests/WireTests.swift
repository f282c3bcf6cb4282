import TernCore
import Testing

@testable import TernEventDelivery

@Suite("Redis and NATS on the wire")
struct WireTests {
    private static func values(_ text: String, pieces: Int) throws -> [RESPValue] {
        var parser = RESPParser()
        var values: [RESPValue] = []
        for piece in Self.pieces(text, pieces) {
            parser.append(piece)
            while let value = try parser.next() { values.append(value) }
        }
        return values
    }

    private static func frames(_ text: String, pieces: Int) throws -> [NATSFrame] {
        var parser = NATSParser()
        var frames: [NATSFrame] = []
        for piece in Self.pieces(text, pieces) {
            parser.append(piece)
            while let frame = try parser.next() { frames.append(frame) }
        }
        return frames
    }

    private static func pieces(_ text: String, _ size: Int) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    @Test("Answers of Redis, however they are cut", arguments: [1, 2, 3, 7, 1000])
    func redis(_ size: Int) throws {
        let values = try Self.values(
            "+OK\r\n-ERR no\r\n:42\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n*-1\r\n", pieces: size)
        #expect(
            values == [
                .simple("OK"), .error("ERR no"), .integer(42), .bulk(Array("a\r\n".utf8)), .bulk(nil),
                .array([.integer(1), .array([.bulk([])])]), .array(nil),
            ])
    }

    @Test(
        "What is no answer of Redis is refused",
        arguments: [
            "HTTP/1.1 400\r\n", ":x\r\n", "$-2\r\n", "$999999999\r\n", "*9999999\r\n", "\r\n",
            String(repeating: "*1\r\n", count: 20),
        ])
    func noRedis(_ text: String) {
        #expect(throws: RESPParser.Problem.self) { try Self.values(text, pieces: 1000) }
    }

    @Test("A command has its words with their lengths")
    func command() {
        #expect(RESPParser.command("AUTH", "ü") == Array("*2\r\n$4\r\nAUTH\r\n$2\r\nü\r\n".utf8))
    }

    @Test("What NATS sends, however it is cut", arguments: [1, 2, 3, 7, 1000])
    func nats(_ size: Int) throws {
        let frames = try Self.frames(
            "INFO {\"headers\":true}\r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Authorization Violation'\r\n"
                + "MSG a.b 1 5\r\nhe\r\nl\r\nMSG a 1 reply 0\r\n\r\nHMSG s 1 16 18\r\nNATS/1.0 503\r\n\r\nxy\r\n",
            pieces: size)
        #expect(
            frames == [
                .info(Array("{\"headers\":true}".utf8)), .ping, .pong, .ok, .error("'Authorization Violation'"),
                .message(subject: "a.b", status: nil, payload: Array("he\r\nl".utf8)),
                .message(subject: "a", status: nil, payload: []),
                .message(subject: "s", status: 503, payload: Array("xy".utf8)),
            ])
    }

    @Test(
        "What is no NATS is refused",
        arguments: [
            "HTTP/1.1 400\r\n", "MSG a\r\n", "MSG a 1 x\r\n", "MSG a 1 -1\r\n", "HMSG a 1 9 4\r\n",
            "MSG a 1 99999999\r\n",
            "\r\n",
        ])
    func noNATS(_ text: String) {
        #expect(throws: NATSParser.Problem.self) { try Self.frames(text, pieces: 1000) }
    }

    @Test(
        "TGT-1: only a stream's own word is an acknowledgement",
        arguments: [
            (nil, #"{"stream":"EVENTS","seq":1}"#, true), (nil, #"{"stream":"EVENTS","seq":1,"duplicate":true}"#, true),
            (nil, #"{"error":{"code":503,"description":"no space"}}"#, false), (503, "", false), (nil, "", false),
            (nil, "{}", false),
        ] as [(Int?, String, Bool)])
    func acknowledgement(_ status: Int?, _ payload: String, _ isDelivered: Bool) {
        let result = NATSTarget.result(status: status, payload: Array(payload.utf8))
        #expect((result == .delivered) == isDelivered)
    }

    private static let message = EventMessage(
        id: "00112233445566778899aabbccddeeff", event: nil, body: Array("{}".utf8), target: "arn:aws:sns:r:1:t",
        bucket: "a.b", account: "111111111111", traceHeader: "")

    @Test("§10.3: a subject has the account, the bucket and the event, each as one word")
    func subject() {
        let subject = NATSTarget.subject(of: Self.message, template: "tern.{account}.{bucket}.{event}")
        #expect(subject == "tern.111111111111.a_b.TestEvent")
    }

    @Test("§10.2: the envelope of a topic")
    func envelope() throws {
        let json = try JSONParser.parse(SNSTarget.envelope(of: Self.message, at: Timestamp(milliseconds: 0)))
        #expect(json["MessageId"]?.string == "00112233-4455-6677-8899-aabbccddeeff")
        #expect(json["Message"]?.string == "{}")
        #expect(json["Timestamp"]?.string == "1970-01-01T00:00:00.000Z")
        #expect(json["TopicArn"]?.string == "arn:aws:sns:r:1:t")
    }

    @Test("§10.3: the signature of a webhook is that of openssl")
    func signature() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let signature = WebhookTarget.signature(
            of: Array(#"{"a":1}"#.utf8), secret: "secret", time: Timestamp(milliseconds: 1_700_000_000_000))
        #expect(signature == "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686")
    }

    @Test(
        "URLs of targets",
        arguments: [
            ("http://h/p?q=1", "h"), ("https://h:9", "h:9"), ("ftp://h/", nil), ("http:///p", nil),
            ("http://u@h/", nil),
            ("h", nil), ("", nil),
        ] as [(String, String?)])
    func places(_ url: String, _ host: String?) {
        #expect(TargetConfiguration.place(of: url)?.host == host)
    }
}
