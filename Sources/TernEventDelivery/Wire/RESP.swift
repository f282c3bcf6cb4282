/// A value of the Redis serialization protocol, as far as answers to single commands need it.
///
/// Source: Redis documentation, "Redis serialization protocol specification", RESP2.
enum RESPValue: Hashable, Sendable {
    case simple(String)
    case error(String)
    case integer(Int64)
    /// `nil` is Redis's null.
    case bulk([UInt8]?)
    case array([RESPValue]?)
}

/// Takes an incoming stream of bytes apart.
struct RESPParser: Sendable {
    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    private var bytes: [UInt8] = []
    private var index = 0

    private static let maximumByteCount = 1 << 20
    private static let maximumDepth = 8

    mutating func append(_ more: [UInt8]) {
        if self.index > 0 {
            self.bytes.removeFirst(self.index)
            self.index = 0
        }
        self.bytes += more
    }

    /// The next value; `nil` while it is not all there.
    mutating func next() throws(Problem) -> RESPValue? {
        let start = self.index
        if let value = try self.value(depth: 0) { return value }
        self.index = start
        if self.bytes.count - start > Self.maximumByteCount { throw Problem(description: "an answer without an end") }
        return nil
    }

    private mutating func value(depth: Int) throws(Problem) -> RESPValue? {
        guard let line = self.line() else { return nil }
        guard let type = line.first else { throw Problem(description: "an empty line") }
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        switch type {
        case UInt8(ascii: "+"): return .simple(text)
        case UInt8(ascii: "-"): return .error(text)
        case UInt8(ascii: ":"): return .integer(try Self.number(text))
        case UInt8(ascii: "$"):
            let count = try Self.count(text)
            guard let count else { return .bulk(nil) }
            guard self.bytes.count - self.index >= count + 2 else { return nil }
            let bytes = Array(self.bytes[self.index..<self.index + count])
            self.index += count + 2
            return .bulk(bytes)
        case UInt8(ascii: "*"):
            let count = try Self.count(text)
            guard let count else { return .array(nil) }
            guard depth < Self.maximumDepth else { throw Problem(description: "arrays in arrays") }
            var values: [RESPValue] = []
            for _ in 0..<count {
                guard let value = try self.value(depth: depth + 1) else { return nil }
                values.append(value)
            }
            return .array(values)
        default:
            throw Problem(description: "not an answer of Redis: \(String(decoding: line.prefix(40), as: UTF8.self))")
        }
    }

    private mutating func line() -> ArraySlice<UInt8>? {
        guard let end = self.bytes[self.index...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < self.bytes.count else {
            return nil
        }
        let line = self.bytes[self.index..<end]
        self.index = end + 2
        return line
    }

    private static func number(_ text: String) throws(Problem) -> Int64 {
        guard let number = Int64(text) else { throw Problem(description: "not a number: \(text.prefix(40))") }
        return number
    }

    /// `nil` for -1, which is null.
    private static func count(_ text: String) throws(Problem) -> Int? {
        let number = try self.number(text)
        if number == -1 { return nil }
        guard (0...Int64(self.maximumByteCount)).contains(number) else {
            throw Problem(description: "a length of \(number)")
        }
        return Int(number)
    }

    /// A command as a server takes it.
    static func command(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += Array("$\(word.count)\r\n".utf8)
            bytes += word
            bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        }
        return bytes
    }

    static func command(_ words: String...) -> [UInt8] { self.command(words.map { Array($0.utf8) }) }
}
