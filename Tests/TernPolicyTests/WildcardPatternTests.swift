import TernPolicy
import Testing

@Suite struct WildcardPatternTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var pattern: String
        var text: String
        var matches: Bool
        var testDescription: String { "\(self.pattern) on \(self.text)" }
    }

    static let rows: [Row] = [
        Row(pattern: "", text: "", matches: true),
        Row(pattern: "", text: "a", matches: false),
        Row(pattern: "*", text: "", matches: true),
        Row(pattern: "**", text: "anything/at:all", matches: true),
        Row(pattern: "?", text: "", matches: false),
        Row(pattern: "?", text: "é", matches: true),
        Row(pattern: "??", text: "é", matches: false),
        Row(pattern: "?", text: "😀", matches: true),
        Row(pattern: "*?", text: "€", matches: true),
        Row(pattern: "*é?", text: "€é😀", matches: true),
        Row(pattern: "s3:Get*", text: "s3:GetObject", matches: true),
        Row(pattern: "s3:*Object", text: "s3:GetObject", matches: true),
        Row(pattern: "s3:*Object", text: "s3:GetObjectAcl", matches: false),
        Row(pattern: "a*b*c", text: "aXbXbXc", matches: true),
        Row(pattern: "a*b*c", text: "aXcXb", matches: false),
        Row(pattern: "a?c", text: "abc", matches: true),
        Row(pattern: "a?c", text: "ac", matches: false),
        Row(pattern: "*aab", text: "aaaab", matches: true),
        Row(pattern: "?*?", text: "a", matches: false),
        Row(pattern: "?*?", text: "ab", matches: true),
    ]

    @Test("POL-3, POL-4: * is any run, ? is one character", arguments: Self.rows)
    func matches(_ row: Row) {
        #expect(WildcardPattern(row.pattern).matches(row.text) == row.matches)
    }

    @Test("A literal star matches a star alone") func literalStar() {
        let pattern = WildcardPattern(elements: [.scalar("*")])
        #expect(pattern.matches("*"))
        #expect(!pattern.matches("a"))
    }

    /// All texts up to four letters against all patterns up to four elements, by the definition.
    @Test("It agrees with the definition on all short patterns and texts") func exhaustive() {
        let patterns = Self.words(of: ["a", "é", "*", "?"], upTo: 4)
        let texts = Self.words(of: ["a", "é", "€"], upTo: 4)
        var wrong: [String] = []
        for pattern in patterns {
            let compiled = WildcardPattern(String(pattern))
            for text in texts where compiled.matches(String(text)) != Self.defined(pattern[...], text[...]) {
                wrong.append("\(String(pattern)) on \(String(text))")
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("A hostile pattern ends") func hostile() {
        let pattern = WildcardPattern(String(repeating: "*a", count: 200) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2_000)))
    }

    private static func words(of letters: [Character], upTo length: Int) -> [[Character]] {
        var all: [[Character]] = [[]]
        var last = all
        for _ in 0..<length {
            last = last.flatMap { word in letters.map { word + [$0] } }
            all += last
        }
        return all
    }

    private static func defined(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" {
            return (text.startIndex...text.endIndex).contains { Self.defined(rest, text[$0...]) }
        }
        guard let letter = text.first, first == "?" || first == letter else { return false }
        return Self.defined(rest, text.dropFirst())
    }
}
