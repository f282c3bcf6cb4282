import TernCore

/// A value of a request, whichever protocol it came in.
enum ServiceValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case bytes([UInt8])
    /// Milliseconds since 1970.
    case time(Timestamp)
    case array([ServiceValue])
    case object([String: ServiceValue])

    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .number(let text):
            if let integer = Int64(text) { self = .integer(integer) } else { self = .number(Double(text) ?? .nan) }
        case .string(let text): self = .string(text)
        case .array(let values): self = .array(values.map(ServiceValue.init))
        case .object(let members):
            self = .object(Dictionary(members.map { ($0.name, ServiceValue($0.value)) }) { _, last in last })
        }
    }

    subscript(name: String) -> ServiceValue? {
        guard case .object(let members) = self, let value = members[name] else { return nil }
        if case .null = value { return nil }
        return value
    }

    // MARK: As one kind of value; `nil` for what is of another

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// Texts are read as numbers, since the Query protocol has nothing else.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value) where value.isFinite: value
        case .string(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }

    var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .string(let text): Int64(text)
        default: nil
        }
    }

    var flag: Bool? {
        switch self {
        case .boolean(let value): value
        case .string("true"): true
        case .string("false"): false
        default: nil
        }
    }

    /// Seconds since 1970, or the text of RFC 3339.
    var timestamp: Timestamp? {
        switch self {
        case .time(let time): return time
        case .integer, .number:
            guard let seconds = self.double, seconds.magnitude < 1e12 else { return nil }
            return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
        case .string(let text): return Timestamp(iso8601: text)
        default: return nil
        }
    }

    var list: [ServiceValue]? {
        if case .array(let values) = self { values } else { nil }
    }
}
