import TernCore
import Testing

@Suite struct JSONStringTests {
    @Test(
        "RFC 8259, 7: texts as literals",
        arguments: [
            ("", "\"\"", "nothing"),
            ("plain ~ text", #""plain ~ text""#, "what is printable stays"),
            (#"a"b\c/d"#, #""a\"b\\c/d""#, "quotes and backslashes; a slash may stay"),
            ("a\nb\rc\td", #""a\nb\rc\td""#, "those with a short form"),
            ("\u{0}\u{1}\u{8}\u{C}\u{1F}", ##""\u0000\u0001\u0008\u000c\u001f""##, "other control characters"),
            ("a\u{7F}b", ##""a\u007fb""##, "DEL moves the cursor of a terminal"),
            ("\u{80}\u{85}\u{9F}", ##""\u0080\u0085\u009f""##, "C1: U+0085 ends a line of YAML"),
            ("\u{A0}é", "\"\u{A0}é\"", "what begins with the same byte as C1"),
            ("a\u{2028}b\u{2029}c", ##""a\u2028b\u2029c""##, "ends of lines of scripts"),
            ("\u{2027}\u{202A}\u{2128}€", "\"\u{2027}\u{202A}\u{2128}€\"", "what begins with the same byte as they do"),
            ("日本語😀", #""日本語😀""#, "text of any script"),
            ("<script>&'", #""<script>&'""#, "nothing of HTML"),
            ("\r\n", #""\r\n""#, "one character to Swift, two to JSON"),
        ] as [(String, String, String)])
    func literal(_ text: String, _ expected: String, _ why: String) throws {
        #expect(JSONString.quoted(text) == expected, Comment(rawValue: why))
        var bytes = Array("x".utf8)
        JSONString.append(text, to: &bytes)
        #expect(bytes == Array("x\(expected)".utf8))
        var writer = JSONWriter()
        writer.string(text)
        #expect(writer.bytes == Array(expected.utf8))
        #expect(try JSONParser.parse(Array(expected.utf8)) == .string(text), "and back again")
    }
}
