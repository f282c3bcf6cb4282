/// Reads JSON strictly: RFC 8259, UTF-8, no surrogate alone, no name twice in an object, bounded depth. Time and memory
/// are linear.
package struct JSONParser {
    package enum Problem: Error, Hashable, Sendable {
        case malformed
        case tooDeep
        /// Names that Swift takes for equal and whose bytes differ are not the same.
        case duplicateName(String)
    }

    private let input: [UInt8]
    private let maximumDepth: Int
    private var index = 0

    /// - Parameter maximumDepth: Levels of objects and arrays, the innermost values being one more.
    package static func parse(_ bytes: [UInt8], maximumDepth: Int = 64) throws(Problem) -> JSONValue {
        guard bytes.isValidUTF8 else { throw .malformed }
        var parser = JSONParser(input: bytes, maximumDepth: maximumDepth)
        parser.skipBlanks()
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.index == bytes.count else { throw .malformed }
        return value
    }

    private init(input: [UInt8], maximumDepth: Int) {
        self.input = input
        self.maximumDepth = maximumDepth
    }

    private var byte: UInt8? { self.index < self.input.count ? self.input[self.index] : nil }

    private mutating func skipBlanks() {
        while let byte = self.byte, byte == 32 || byte == 9 || byte == 10 || byte == 13 { self.index += 1 }
    }

    private mutating func take(_ expected: UInt8) throws(Problem) {
        guard self.byte == expected else { throw .malformed }
        self.index += 1
    }

    private mutating func value(depth: Int) throws(Problem) -> JSONValue {
        if depth >= self.maximumDepth { throw .tooDeep }
        switch self.byte {
        case UInt8(ascii: "{"): return try self.object(depth: depth)
        case UInt8(ascii: "["): return try self.array(depth: depth)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .boolean(true))
        case UInt8(ascii: "f"): return try self.word("false", .boolean(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return try self.number()
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(Problem) -> JSONValue {
        guard self.input[self.index...].starts(with: word.utf8) else { throw .malformed }
        self.index += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Problem) -> JSONValue {
        try self.take(UInt8(ascii: "{"))
        var members: [JSONValue.Member] = []
        var names: Set<[UInt8]> = []
        self.skipBlanks()
        if self.byte == UInt8(ascii: "}") {
            self.index += 1
            return .object([])
        }
        while true {
            self.skipBlanks()
            let name = try self.string()
            if !names.insert(Array(name.utf8)).inserted { throw .duplicateName(name) }
            self.skipBlanks()
            try self.take(UInt8(ascii: ":"))
            self.skipBlanks()
            members.append(JSONValue.Member(name: name, value: try self.value(depth: depth + 1)))
            self.skipBlanks()
            if self.byte == UInt8(ascii: ",") {
                self.index += 1
            } else {
                try self.take(UInt8(ascii: "}"))
                return .object(members)
            }
        }
    }

    private mutating func array(depth: Int) throws(Problem) -> JSONValue {
        try self.take(UInt8(ascii: "["))
        var values: [JSONValue] = []
        self.skipBlanks()
        if self.byte == UInt8(ascii: "]") {
            self.index += 1
            return .array([])
        }
        while true {
            self.skipBlanks()
            values.append(try self.value(depth: depth + 1))
            self.skipBlanks()
            if self.byte == UInt8(ascii: ",") {
                self.index += 1
            } else {
                try self.take(UInt8(ascii: "]"))
                return .array(values)
            }
        }
    }

    private mutating func string() throws(Problem) -> String {
        try self.take(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while let byte = self.byte {
            self.index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try self.escape(into: &text)
            case 0..<0x20: throw .malformed
            default: text.append(byte)
            }
        }
        throw .malformed
    }

    private mutating func escape(into text: inout [UInt8]) throws(Problem) {
        guard let byte = self.byte else { throw .malformed }
        self.index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            let unit = try self.unit()
            var code = UInt32(unit)
            if (0xD800..<0xDC00).contains(unit) {
                try self.take(UInt8(ascii: "\\"))
                try self.take(UInt8(ascii: "u"))
                let low = try self.unit()
                guard (0xDC00..<0xE000).contains(low) else { throw .malformed }
                code = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw .malformed }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw .malformed
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(Problem) -> UInt16 {
        guard self.index + 4 <= self.input.count else { throw .malformed }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = hexValue(self.input[self.index]) else { throw .malformed }
            unit = unit << 4 | UInt16(digit)
            self.index += 1
        }
        return unit
    }

    private mutating func number() throws(Problem) -> JSONValue {
        let start = self.index
        if self.byte == UInt8(ascii: "-") { self.index += 1 }
        let first = self.byte
        let count = self.digits()
        // No zeros in front.
        guard count == 1 || (count > 1 && first != UInt8(ascii: "0")) else { throw .malformed }
        if self.byte == UInt8(ascii: ".") {
            self.index += 1
            guard self.digits() > 0 else { throw .malformed }
        }
        if self.byte == UInt8(ascii: "e") || self.byte == UInt8(ascii: "E") {
            self.index += 1
            if self.byte == UInt8(ascii: "+") || self.byte == UInt8(ascii: "-") { self.index += 1 }
            guard self.digits() > 0 else { throw .malformed }
        }
        return .number(String(decoding: self.input[start..<self.index], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = self.index
        while let byte = self.byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.index += 1 }
        return self.index - start
    }
}
