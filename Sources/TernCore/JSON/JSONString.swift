/// Texts as JSON writes them.
///
/// Beside what JSON requires, everything is escaped that is a control character or ends a line elsewhere (C0, DEL, C1,
/// U+2028, U+2029), so that a literal stays on its line in logs, scripts and terminals, and is a literal of YAML, too.
/// `<` is not: nothing is written into HTML.
///
/// Source: RFC 8259, section 7; YAML 1.2.2, section 7.3.1.
package enum JSONString {
    /// The literal, with its quotes.
    package static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 2)
        self.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the literal, with its quotes, in UTF-8.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            // What needs no escape goes in runs.
            var start = 0
            var index = 0
            while index < utf8.count {
                let length = Self.escapedLength(utf8, at: index)
                if length == 0 {
                    index += 1
                    continue
                }
                bytes.append(contentsOf: utf8[start..<index])
                Self.appendEscape(utf8, at: index, length: length, to: &bytes)
                index += length
                start = index
            }
            bytes.append(contentsOf: utf8[start...])
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// How many bytes the character has that begins here and has to be escaped; 0 for any other.
    private static func escapedLength(_ utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        switch utf8[index] {
        case 0..<0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "\\"): 1
        case 0xC2: utf8[index + 1] < 0xA0 ? 2 : 0
        case 0xE2: utf8[index + 1] == 0x80 && utf8[index + 2] & 0xFE == 0xA8 ? 3 : 0
        default: 0
        }
    }

    private static func appendEscape(
        _ utf8: UnsafeBufferPointer<UInt8>, at index: Int, length: Int, to bytes: inout [UInt8]
    ) {
        bytes.append(UInt8(ascii: "\\"))
        let byte = utf8[index + length - 1]
        switch (length, byte) {
        case (1, UInt8(ascii: "\"")), (1, UInt8(ascii: "\\")): bytes.append(byte)
        case (1, 0x0A): bytes.append(UInt8(ascii: "n"))
        case (1, 0x0D): bytes.append(UInt8(ascii: "r"))
        case (1, 0x09): bytes.append(UInt8(ascii: "t"))
        default:
            // U+0000 to U+009F, or U+2028 and U+2029, whose last byte ends like their number.
            bytes.append(contentsOf: (length == 3 ? "u20" : "u00").utf8)
            let low = length == 3 ? byte & 0x0F | 0x20 : byte
            bytes.append(hexDigit(low >> 4))
            bytes.append(hexDigit(low & 15))
        }
    }
}
