extension [UInt8] {
    /// Appends the integer's bytes, most significant first.
    @inlinable
    package mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { self.append(contentsOf: $0) }
    }

    /// The bytes in lower-case hexadecimal.
    package var lowercaseHex: String {
        String(decoding: self.lowercaseHexBytes, as: UTF8.self)
    }

    /// The bytes in lower-case hexadecimal, as ASCII.
    package var lowercaseHexBytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(self.count * 2)
        for byte in self {
            result.append(hexDigit(byte >> 4))
            result.append(hexDigit(byte & 15))
        }
        return result
    }

    /// Decodes hexadecimal of either case; `nil` for an odd count or another character.
    package init?(hex text: some Collection<UInt8>) {
        guard text.count.isMultiple(of: 2) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            guard let value = hexValue(character) else { return nil }
            if let first = high {
                result.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self = result
    }
}

extension UInt64 {
    /// Reads up to eight bytes, most significant first.
    @inlinable
    package init(bigEndianBytes bytes: some Sequence<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The lower-case hexadecimal digit of a value in `0..<16`.
package func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// The value of a hexadecimal digit of either case, or `nil`.
package func hexValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// 64 characters that are safe in URLs, in shells and as command-line arguments: `A-Z a-z 0-9 . _`.
package enum Alphabet64 {
    private static let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in characters.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// Encodes bytes whose count is a multiple of three; four characters for each three bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count.isMultiple(of: 3))
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 3 * 4)
        for index in stride(from: 0, to: bytes.count, by: 3) {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            for shift in [18, 12, 6, 0] as [UInt32] { result.append(self.characters[Int(group >> shift & 63)]) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Decodes exactly `byteCount` bytes; `nil` for another length or character.
    package static func decode(_ text: some Collection<UInt8>, byteCount: Int) -> [UInt8]? {
        guard text.count == byteCount / 3 * 4 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        var group: UInt32 = 0
        for (index, character) in text.enumerated() {
            let value = self.values[Int(character)]
            guard value < 64 else { return nil }
            group = group << 6 | UInt32(value)
            if index % 4 == 3 {
                result.append(UInt8(truncatingIfNeeded: group >> 16))
                result.append(UInt8(truncatingIfNeeded: group >> 8))
                result.append(UInt8(truncatingIfNeeded: group))
                group = 0
            }
        }
        return result
    }
}
