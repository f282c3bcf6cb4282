/// A text of a policy with its wildcards and variables told apart (specification §5.3).
///
/// What a variable stands for is literal: wildcards in it do not expand. A text whose variables have no value matches
/// nothing and equals nothing.
package struct PolicyText: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case codes([WildcardPattern.Code])
        /// The key in lower case: names of keys are case-insensitive.
        case variable(key: String, fallback: String?)
    }

    private let parts: [Part]
    /// Without variables, as texts most often are: then the other properties are the forms in which it is compared.
    private let isFixed: Bool
    private let pattern: WildcardPattern
    private let segments: [WildcardPattern]?
    private let text: String

    /// - Throws: `PolicyProblem.invalidValue` for a variable that does not end, has no name, or a default without quotes.
    package init(_ text: String, version: PolicyDocument.Version) throws(PolicyProblem) {
        var parts: [Part] = []
        var codes: [WildcardPattern.Code] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "$", version == .v2012, rest.first == "{" else {
                codes += String(scalar).utf8.map(WildcardPattern.code)
                continue
            }
            rest.removeFirst()
            guard let (key, fallback) = Self.variable(&rest) else {
                throw .invalidValue(element: "policy variable", value: text)
            }
            if fallback == nil, key == "*" || key == "?" || key == "$" {
                codes += key.utf8.map { WildcardPattern.Code($0) }
                continue
            }
            if !codes.isEmpty { parts.append(.codes(codes)) }
            codes = []
            parts.append(.variable(key: key.lowercased(), fallback: fallback))
        }
        if !codes.isEmpty { parts.append(.codes(codes)) }
        self.parts = parts
        // Pieces of plain text are always joined: there are several only around variables.
        var fixed: [WildcardPattern.Code] = []
        if case .codes(let codes)? = parts.first { fixed = codes }
        self.isFixed = parts.allSatisfy { if case .codes = $0 { true } else { false } }
        self.pattern = WildcardPattern(codes: fixed)
        self.segments = WildcardPattern.segments(fixed)
        self.text = Self.text(fixed)
    }

    /// Reads what follows `${`, with the brace that ends it. A brace within the quotes of a default does not end it.
    private static func variable(_ rest: inout Substring.UnicodeScalarView) -> (key: String, fallback: String?)? {
        var key = ""
        var fallback: String?
        while let scalar = rest.popFirst() {
            switch scalar {
            case "}":
                return key.isEmpty ? nil : (key, fallback)
            case "," where fallback == nil:
                while rest.first == " " { rest.removeFirst() }
                guard rest.popFirst() == "'", let end = rest.firstIndex(of: "'") else { return nil }
                fallback = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
                while rest.first == " " { rest.removeFirst() }
                guard rest.first == "}" else { return nil }
            default:
                key.unicodeScalars.append(scalar)
            }
        }
        return nil
    }

    // MARK: Comparisons

    /// As a pattern.
    func matches<Text: RandomAccessCollection<UInt8>>(bytes text: Text, _ context: PolicyContext) -> Bool
    where Text.Index == Int {
        if self.isFixed { return self.pattern.matches(bytes: text) }
        // Most texts differ before the first variable.
        if case .codes(let codes)? = self.parts.first, Self.differs(text, from: codes) { return false }
        guard let codes = self.codes(context) else { return false }
        return WildcardPattern(codes: codes).matches(bytes: text)
    }

    private static func differs<Text: RandomAccessCollection<UInt8>>(
        _ text: Text, from codes: [WildcardPattern.Code]
    ) -> Bool where Text.Index == Int {
        var place = text.startIndex
        for code in codes {
            if code >= WildcardPattern.one { return false }
            guard place < text.endIndex, code == WildcardPattern.Code(text[place]) else { return true }
            place += 1
        }
        return false
    }

    /// As the pattern of an ARN, segment by segment.
    func matches<Text: RandomAccessCollection<UInt8>>(arn: Text, _ context: PolicyContext) -> Bool
    where Text.Index == Int, Text.SubSequence: RandomAccessCollection<UInt8>, Text.SubSequence.Index == Int {
        if self.isFixed { return self.segments?.matchSegments(of: arn) != nil }
        return self.codes(context).flatMap(WildcardPattern.segments)?.matchSegments(of: arn) != nil
    }

    /// Byte for byte: equal strings of Swift may differ in their scalars. Wildcards are none here.
    func isEqual(to text: String, _ context: PolicyContext) -> Bool {
        self.text(context)?.utf8.elementsEqual(text.utf8) ?? false
    }

    func isEqualIgnoringCase(toLowercase text: String, _ context: PolicyContext) -> Bool {
        self.text(context)?.lowercased().utf8.elementsEqual(text.utf8) ?? false
    }

    private func text(_ context: PolicyContext) -> String? {
        self.isFixed ? self.text : self.codes(context).map(Self.text)
    }

    private static func text(_ codes: [WildcardPattern.Code]) -> String {
        let bytes = codes.map { code in
            switch code {
            case WildcardPattern.one: UInt8(ascii: "?")
            case WildcardPattern.run: UInt8(ascii: "*")
            default: UInt8(truncatingIfNeeded: code)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text in one request, or `nil` if a key is absent and has no default.
    private func codes(_ context: PolicyContext) -> [WildcardPattern.Code]? {
        var codes: [WildcardPattern.Code] = []
        for part in self.parts {
            switch part {
            case .codes(let own): codes += own
            case .variable(let key, let fallback):
                guard let text = context.variable(key) ?? fallback else { return nil }
                codes += text.utf8.lazy.map { WildcardPattern.Code($0) }
            }
        }
        return codes
    }
}
