/// A text of a policy with its wildcards and variables told apart (specification §5.3).
///
/// What a variable stands for is literal: wildcards in it do not expand.
package struct PolicyText: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case element(WildcardPattern.Element)
        /// The key in lower case: names of keys are case-insensitive.
        case variable(key: String, fallback: String?)
    }

    private let parts: [Part]

    /// - Throws: `PolicyProblem.invalidValue` for a variable that does not end, has no name, or a default without quotes.
    package init(_ text: String, version: PolicyDocument.Version) throws(PolicyProblem) {
        var parts: [Part] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": parts.append(.element(.run))
            case "?": parts.append(.element(.one))
            case "$" where version == .v2012 && rest.first == "{":
                rest.removeFirst()
                guard let part = Self.variable(&rest) else {
                    throw .invalidValue(element: "policy variable", value: text)
                }
                parts.append(part)
            default: parts.append(.element(.scalar(scalar)))
            }
        }
        self.parts = parts
    }

    /// Reads what follows `${`, with the brace that ends it. A brace within the quotes of a default does not end it.
    private static func variable(_ rest: inout Substring.UnicodeScalarView) -> Part? {
        var key = ""
        var fallback: String?
        while let scalar = rest.popFirst() {
            switch scalar {
            case "}":
                if fallback == nil, key == "*" || key == "?" || key == "$" {
                    return key.unicodeScalars.first.map { .element(.scalar($0)) }
                }
                return key.isEmpty ? nil : .variable(key: key.lowercased(), fallback: fallback)
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

    /// The pattern in one request, or `nil` if a key is absent and has no default: then the statement does not match.
    ///
    /// - Parameter value: The single value of a key, by its name in lower case.
    package func pattern(_ value: (String) -> String?) -> WildcardPattern? {
        self.elements(value).map { WildcardPattern(elements: $0) }
    }

    /// The text in one request where wildcards are none, as `StringEquals` takes it.
    func text(_ value: (String) -> String?) -> String? {
        guard let elements = self.elements(value) else { return nil }
        var text = ""
        for element in elements {
            switch element {
            case .scalar(let scalar): text.unicodeScalars.append(scalar)
            case .one: text += "?"
            case .run: text += "*"
            }
        }
        return text
    }

    func elements(_ value: (String) -> String?) -> [WildcardPattern.Element]? {
        var elements: [WildcardPattern.Element] = []
        for part in self.parts {
            switch part {
            case .element(let element): elements.append(element)
            case .variable(let key, let fallback):
                guard let text = value(key) ?? fallback else { return nil }
                elements += text.unicodeScalars.map(WildcardPattern.Element.scalar)
            }
        }
        return elements
    }
}
