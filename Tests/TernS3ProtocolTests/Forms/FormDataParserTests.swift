import TernS3Protocol
import Testing

/// Spec rule SIG-70.
@Suite struct FormDataParserTests {
    private static let boundary = "xYzZY"

    private static func part(_ name: String, _ value: String, more: String = "") -> String {
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n\(value)\r\n"
    }

    private static let end = "--\(boundary)--\r\n"

    /// All events, with the file's bytes put together.
    private static func parse(_ body: [UInt8], step: Int) throws -> (fields: [String], file: [UInt8]?, name: String?) {
        var parser = FormDataParser(boundary: Self.boundary)
        var fields: [String] = []
        var file: [UInt8]?
        var fileName: String?
        for start in stride(from: 0, to: body.count, by: step) {
            for event in try parser.feed(body[start..<min(start + step, body.count)]) {
                switch event {
                case .field(let name, let value): fields.append("\(name)=\(text(value))")
                case .fileBegins(let name):
                    file = []
                    fileName = name
                case .fileBytes(let bytes): file?.append(contentsOf: bytes)
                case .fileEnds: break
                }
            }
        }
        try parser.finish()
        return (fields, file, fileName)
    }

    @Test("SIG-70: fields and file, in whatever slices the body comes", arguments: [1, 2, 3, 7, 16, 64, 10_000])
    func slices(_ step: Int) throws {
        let content = "\r\n--xYzZ\r\n--xYz\r\n\r\n-\r\n--\r"
        let body =
            "preamble\r\n" + Self.part("key", "a\r\nb") + Self.part("empty", "")
            + Self.part("FILE", content, more: "; filename=\"a;\\\"b.txt\"") + Self.part("after", "ignored")
            + Self.end + "epilogue"
        let found = try Self.parse(bytes(body), step: step)
        #expect(found.fields == ["key=a\r\nb", "empty="])
        #expect(found.file == bytes(content))
        #expect(found.name == "a;\"b.txt")
    }

    @Test("SIG-70: random bytes of a file pass unchanged", arguments: 0..<20)
    func randomFiles(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        // Few kinds of bytes, so that beginnings of the delimiter are frequent.
        let alphabet = bytes("\r\n-xYzZ")
        let content = (0..<2000).map { _ in alphabet[random.below(alphabet.count)] }
        guard !text(content).contains("\r\n--xYzZY") else { return }
        let body =
            bytes(Self.part("key", "k")) + bytes(Self.part("file", "")).dropLast(2) + content + bytes("\r\n" + Self.end)
        #expect(try Self.parse(body, step: 1 + random.below(100)).file == content)
    }

    @Test(
        "SIG-70: what is no form",
        arguments: [
            "", "no delimiter", "--xYzZY", part("key", "v"), "--xYzZYtail\r\n\r\n" + end,
            "--xYzZY\r\n\r\nvalue\r\n" + end,
            "--xYzZY\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nv\r\n" + end,
            "--xYzZY\r\nContent-Disposition: form-data\r\n\r\nv\r\n" + end,
            "--xYzZY\r\nnonsense\r\n\r\nv\r\n" + end,
            String(repeating: "x", count: 100_000),
        ])
    func malformed(_ body: String) {
        #expect(throws: FormDataParser.Problem.malformed) { try Self.parse(bytes(body), step: 50) }
    }

    @Test("SIG-70: fields have 20 KiB together, a file is one")
    func limits() throws {
        let limit = FormDataParser.maximumFieldByteCount
        let fits = Self.part("k", String(repeating: "v", count: limit - 1)) + Self.part("file", "x") + Self.end
        #expect(try Self.parse(bytes(fits), step: 1000).file == bytes("x"))
        let large = Self.part("k", String(repeating: "v", count: limit)) + Self.part("file", "x") + Self.end
        #expect(throws: FormDataParser.Problem.tooLarge) { try Self.parse(bytes(large), step: 1000) }
        let twice = Self.part("file", "x") + Self.part("file", "y") + Self.end
        #expect(throws: FormDataParser.Problem.severalFiles) { try Self.parse(bytes(twice), step: 1000) }
    }

    @Test(
        "SIG-70: the boundary of a content type",
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b;c\"", "a b;c"),
            ("multipart/form-data", nil),
            ("multipart/mixed; boundary=abc", nil),
            ("multipart/form-data; boundary=", nil),
            (nil, nil),
        ] as [(String?, String?)])
    func boundaries(_ contentType: String?, _ boundary: String?) {
        #expect(FormDataParser.boundary(ofContentType: contentType) == boundary)
    }
}
