import TernCore

// Operations on texts byte by byte: nearly all that a signature is made of is ASCII, and walking over characters costs
// many times more.

extension String {
    /// The parts between the separators, empty ones included.
    func split(byte separator: UInt8) -> [String] {
        var text = self
        return text.withUTF8 { bytes in
            var parts: [String] = []
            var start = 0
            for index in 0...bytes.count where index == bytes.count || bytes[index] == separator {
                parts.append(String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self))
                start = index + 1
            }
            return parts
        }
    }

    /// What stands before and behind the first separator; `nil` without one.
    func halves(byte separator: UInt8) -> (before: String, behind: String)? {
        guard let index = self.utf8.firstIndex(of: separator) else { return nil }
        return (String(self[..<index]), String(self[self.utf8.index(after: index)...]))
    }

    /// Whether every byte satisfies the condition.
    func allBytesSatisfy(_ condition: (UInt8) -> Bool) -> Bool {
        var text = self
        return text.withUTF8 { $0.allSatisfy(condition) }
    }

    /// The 32 bytes that 64 hexadecimal digits stand for; `nil` for another text.
    var sha256Digest: [UInt8]? {
        var text = self
        return text.withUTF8 { digits in
            guard digits.count == 64 else { return nil }
            var digest: [UInt8] = []
            digest.reserveCapacity(32)
            for index in stride(from: 0, to: 64, by: 2) {
                guard let high = hexValue(digits[index]), let low = hexValue(digits[index + 1]) else { return nil }
                digest.append(high << 4 | low)
            }
            return digest
        }
    }

    /// Whether the text is these ASCII bytes, compared in a time that depends on the lengths alone.
    func isEqualInConstantTime(to other: [UInt8]) -> Bool {
        var text = self
        return text.withUTF8 { bytes in
            guard bytes.count == other.count else { return false }
            var difference: UInt8 = 0
            for index in bytes.indices { difference |= bytes[index] ^ other[index] }
            return difference == 0
        }
    }

    /// The text without spaces at its start.
    var withoutLeadingSpaces: String {
        self.utf8.first == UInt8(ascii: " ") ? String(Substring(self.utf8.drop { $0 == UInt8(ascii: " ") })) : self
    }
}

extension [UInt8] {
    /// Appends the text's UTF-8 in one copy.
    mutating func append(text: String) {
        let isCopied: Void? = text.utf8.withContiguousStorageIfAvailable { self.append(contentsOf: $0) }
        if isCopied == nil { self.append(contentsOf: text.utf8) }
    }

    /// Appends a header's value without blanks around it, and with one space for each run of blanks inside.
    mutating func append(folding value: String) {
        var text = value
        text.withUTF8 { bytes in
            var wasBlank = true
            let isFolded = bytes.allSatisfy { byte in
                let isBlank = isBlank(byte)
                defer { wasBlank = isBlank }
                return !(isBlank && wasBlank) && byte != UInt8(ascii: "\t")
            }
            if isFolded, !wasBlank || bytes.isEmpty {
                self.append(contentsOf: bytes)
            } else {
                self.append(foldingBlanks: bytes)
            }
        }
    }

    private mutating func append(foldingBlanks bytes: UnsafeBufferPointer<UInt8>) {
        let start = self.count
        var wasBlank = false
        for byte in bytes {
            if isBlank(byte) {
                wasBlank = true
            } else {
                if wasBlank, self.count > start { self.append(UInt8(ascii: " ")) }
                wasBlank = false
                self.append(byte)
            }
        }
    }
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}

/// Whether two names are equal, ASCII letters compared without regard to case.
func isEqualIgnoringCase(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

/// Whether the name begins with `x-amz-`, in any case.
func isAmzName(_ name: String) -> Bool {
    name.utf8.count > 6 && zip(name.utf8, "x-amz-".utf8).allSatisfy { lowercased($0) == $1 }
}

/// The byte, or if it is an upper-case letter of ASCII, the lower-case one.
func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
