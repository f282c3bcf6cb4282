import TernCore

/// The members of an object, as elements of a policy.
struct JSONElements {
    private let members: [JSONValue.Member]

    init(_ value: JSONValue, of element: String) throws(PolicyProblem) {
        guard case .object(let members) = value else { throw .invalidValue(element: element, value: value.shown) }
        self.members = members
    }

    var all: [JSONValue.Member] { self.members }

    subscript(name: String) -> JSONValue? { self.members.first { $0.name == name }?.value }

    func allow(_ names: Set<String>) throws(PolicyProblem) {
        for member in self.members where !names.contains(member.name) { throw .unexpectedElement(member.name) }
    }

    func text(_ name: String) throws(PolicyProblem) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw .invalidValue(element: name, value: value.shown) }
        return text
    }

    /// Which of two elements that exclude each other is there.
    func either(_ name: String, _ negated: String) throws(PolicyProblem) -> (
        name: String, isNegated: Bool, value: JSONValue
    ) {
        switch (self[name], self[negated]) {
        case (let value?, nil): return (name, false, value)
        case (nil, let value?): return (negated, true, value)
        case (nil, nil): throw .missingElement(name)
        case (_?, _?): throw .conflictingElements(name, negated)
        }
    }
}

extension JSONValue {
    /// What a problem shows of a value that has a wrong type.
    var shown: String {
        switch self {
        case .object: "{…}"
        case .array: "[…]"
        case .string(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    /// A text or a list of texts; with `scalars` numbers and Booleans are texts too, as in conditions.
    func texts(of element: String, scalars: Bool = false) throws(PolicyProblem) -> [String] {
        var values = [self]
        if case .array(let list) = self { values = list }
        var texts: [String] = []
        for value in values {
            switch value {
            case .string(let text): texts.append(text)
            case .number, .boolean:
                guard scalars else { throw .invalidValue(element: element, value: value.shown) }
                texts.append(value.shown)
            case .object, .array, .null: throw .invalidValue(element: element, value: value.shown)
            }
        }
        return texts
    }
}
