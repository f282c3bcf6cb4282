/// Reads JSON by RFC 8259, and refuses what readers disagree about: keys that are there twice (POL-2), surrogates that
/// stand alone and bytes that are no UTF-8. Depth is limited, so that hostile text cannot exhaust the stack.
struct JSONReader {
    static let maximumDepth = 16

    private let bytes: [UInt8]
    private var position = 0

    static func read(_ bytes: [UInt8], limit: Int) throws(PolicyProblem) -> JSONValue {
        guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.problem }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var problem: PolicyProblem { .notJSON(offset: self.position) }

    private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { self.position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.next == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(PolicyProblem) {
        guard self.take(character) else { throw self.problem }
    }

    private mutating func value(depth: Int) throws(PolicyProblem) -> JSONValue {
        guard depth < Self.maximumDepth else { throw .tooDeep(limit: Self.maximumDepth) }
        self.skipSpace()
        switch self.next {
        case UInt8(ascii: "{"): return .object(try self.members(depth: depth))
        case UInt8(ascii: "["): return .array(try self.elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .boolean(true))
        case UInt8(ascii: "f"): return try self.word("false", .boolean(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return .number(try self.number())
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(PolicyProblem) -> JSONValue {
        for byte in text.utf8 {
            guard self.next == byte else { throw self.problem }
            self.position += 1
        }
        return value
    }

    private mutating func members(depth: Int) throws(PolicyProblem) -> [JSONValue.Member] {
        try self.expect("{")
        var members: [JSONValue.Member] = []
        // Bytes, as equal strings of Swift may differ in their scalars.
        var names: Set<[UInt8]> = []
        self.skipSpace()
        if self.take("}") { return members }
        repeat {
            self.skipSpace()
            let name = try self.string()
            guard names.insert(Array(name.utf8)).inserted else { throw .duplicateKey(name) }
            self.skipSpace()
            try self.expect(":")
            members.append(.init(name: name, value: try self.value(depth: depth + 1)))
            self.skipSpace()
        } while self.take(",")
        try self.expect("}")
        return members
    }

    private mutating func elements(depth: Int) throws(PolicyProblem) -> [JSONValue] {
        try self.expect("[")
        var elements: [JSONValue] = []
        self.skipSpace()
        if self.take("]") { return elements }
        repeat {
            elements.append(try self.value(depth: depth + 1))
            self.skipSpace()
        } while self.take(",")
        try self.expect("]")
        return elements
    }

    private mutating func digits() throws(PolicyProblem) {
        let start = self.position
        while let byte = self.next, byte >= 0x30, byte <= 0x39 { self.position += 1 }
        guard self.position > start else { throw self.problem }
    }

    private mutating func number() throws(PolicyProblem) -> String {
        let start = self.position
        _ = self.take("-")
        if !self.take("0") { try self.digits() }
        if self.take(".") { try self.digits() }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            try self.digits()
        }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private mutating func string() throws(PolicyProblem) -> String {
        try self.expect("\"")
        var text: [UInt8] = []
        let start = self.position
        while let byte = self.next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw .notJSON(offset: start) }
                self.position += 1
                return string
            case UInt8(ascii: "\\"):
                self.position += 1
                let scalar = try self.escape()
                text.append(contentsOf: Array(String(Character(scalar)).utf8))
            case 0..<0x20:
                throw self.problem
            default:
                text.append(byte)
                self.position += 1
            }
        }
        throw self.problem
    }

    private mutating func escape() throws(PolicyProblem) -> Unicode.Scalar {
        guard let byte = self.next else { throw self.problem }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.unicodeEscape()
        default: throw self.problem
        }
    }

    private mutating func unicodeEscape() throws(PolicyProblem) -> Unicode.Scalar {
        let first = try self.fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00 else { throw self.problem }
        try self.expect("\\")
        try self.expect("u")
        let second = try self.fourDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw self.problem }
        return scalar
    }

    private mutating func fourDigits() throws(PolicyProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.problem
            }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }
}
