import TernCore
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct JSONParserTests {
    @Test(
        "RFC 8259: values",
        arguments: [
            (#" {"a": [1, -2.5e+3, "x\n\u00e9\ud83d\ude00"], "b": {}} "#, "1|-2.5e+3|x\né😀"),
            ("[0]", "0"),
            (#"["\/\"\\"]"#, #"/"\"#),
        ])
    func values(_ document: String, _ expected: String) throws {
        let value = try JSONParser.parse(bytes(document))
        let parts: [JSONValue] =
            switch value["a"] ?? value {
            case .array(let values): values
            default: []
            }
        let shown = parts.map { part in
            switch part {
            case .string(let text), .number(let text): text
            default: "?"
            }
        }
        #expect(shown.joined(separator: "|") == expected)
    }

    @Test(
        "RFC 8259: what is none",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "01", "-", "1.", "1e", "nul", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"",
            "\"\\ud800\\u0041\"", "\"\u{1}\"",
            "{} {}", "{a:1}", "'a'", "[1 2]", "+1",
        ])
    func malformed(_ document: String) {
        #expect(throws: JSONParser.Problem.malformed) { try JSONParser.parse(bytes(document)) }
    }

    @Test("Depth is bounded, and names stand once")
    func limits() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONParser.Problem.tooDeep) { try JSONParser.parse(bytes(deep)) }
        #expect(throws: JSONParser.Problem.duplicateName("a")) { try JSONParser.parse(bytes(#"{"a": 1, "a": 2}"#)) }
    }
}
