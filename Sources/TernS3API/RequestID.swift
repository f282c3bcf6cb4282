import TernCore

/// The identifiers that every answer carries (spec §1.3).
enum RequestID {
    private static let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUV".utf8)

    /// `x-amz-request-id`: 16 characters of `[0-9A-V]`.
    static func make(_ bits: UInt64) -> String {
        var rest = bits
        var text: [UInt8] = []
        text.reserveCapacity(16)
        for _ in 0..<16 {
            text.append(self.characters[Int(truncatingIfNeeded: rest & 31)])
            rest = rest >> 4 | rest << 60
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `x-amz-id-2`: opaque base64.
    static func hostID(_ first: UInt64, _ second: UInt64) -> String {
        var bytes: [UInt8] = []
        for word in [first, second, first ^ second, ~first, ~second] {
            bytes.append(bigEndian: word &* 0x9E37_79B9_7F4A_7C15)
        }
        bytes.append(contentsOf: bytes.prefix(16))
        return Base64.encode(bytes)
    }
}
