import TernCore

/// The `=?charset?encoding?text?=` words that carry non-ASCII text in header values.
///
/// Source: RFC 2047; spec rule MET-2.
enum EncodedWord {
    /// One word in UTF-8 and base64. RFC 2047 would fold it at 75 characters; S3 does not, and its clients expect one.
    static func encode(_ text: String) -> String {
        "=?UTF-8?B?\(Base64.encode(Array(text.utf8)))?="
    }

    /// Decodes every word in the value; what is no word, or one in an unknown character set, stays as it is. Blanks
    /// between two words vanish (RFC 2047 §6.2).
    static func decode(_ value: String) -> String {
        guard value.utf8.count > 8, value.contains("=?") else { return value }
        var result = ""
        var isBehindWord = false
        var rest = value[...]
        while let start = rest.firstRange(of: "=?")?.lowerBound {
            let before = rest[..<start]
            guard let (text, end) = self.word(rest[start...]) else {
                let next = rest.index(start, offsetBy: 2)
                result += rest[..<next]
                isBehindWord = false
                rest = rest[next...]
                continue
            }
            let isOnlyBlanks = before.allSatisfy { $0 == " " || $0 == "\t" }
            if !(isBehindWord && isOnlyBlanks) { result += before }
            result += text
            isBehindWord = true
            rest = rest[end...]
        }
        return result + rest
    }

    /// The text of the word at the start of `input`, and where the word ends.
    private static func word(_ input: Substring) -> (text: String, end: Substring.Index)? {
        let fields = input.dropFirst(2).split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, fields[3].hasPrefix("="), let bytes = self.bytes(fields[2], encoding: fields[1]) else {
            return nil
        }
        // A language may follow the character set (RFC 2231 §5).
        let charset = fields[0].prefix { $0 != "*" }.lowercased()
        let end = fields[3].index(after: fields[3].startIndex)
        switch charset {
        case "utf-8", "utf8", "us-ascii":
            guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
            return (text, end)
        case "iso-8859-1", "latin1":
            return (String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })), end)
        default:
            return nil
        }
    }

    private static func bytes(_ text: Substring, encoding: Substring) -> [UInt8]? {
        switch encoding {
        case "B", "b": Base64.decode(text)
        case "Q", "q": self.decodeQ(text)
        default: nil
        }
    }

    /// RFC 2047 §4.2: `_` is a blank, `=XX` an octet.
    private static func decodeQ(_ text: Substring) -> [UInt8]? {
        var result: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "_"):
                result.append(UInt8(ascii: " "))
            case UInt8(ascii: "="):
                guard let first = iterator.next(), let second = iterator.next(), let high = hexValue(first),
                    let low = hexValue(second)
                else { return nil }
                result.append(high << 4 | low)
            default:
                result.append(byte)
            }
        }
        return result
    }
}
