/// Standard base64 with padding (RFC 4648 §4), strict: no white space, no missing padding.
package enum Base64 {
    private static let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in characters.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let remaining = bytes.count - index
            let second = remaining > 1 ? bytes[index + 1] : 0
            let third = remaining > 2 ? bytes[index + 2] : 0
            let group = UInt32(bytes[index]) << 16 | UInt32(second) << 8 | UInt32(third)
            result.append(self.characters[Int(group >> 18 & 63)])
            result.append(self.characters[Int(group >> 12 & 63)])
            result.append(remaining > 1 ? self.characters[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            result.append(remaining > 2 ? self.characters[Int(group & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `nil` if the text is not base64.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let input = Array(text.utf8)
        guard input.count.isMultiple(of: 4) else { return nil }
        let padding = input.suffix(2).count { $0 == UInt8(ascii: "=") }
        var result: [UInt8] = []
        result.reserveCapacity(input.count / 4 * 3)
        var group: UInt32 = 0
        for (index, character) in input.enumerated() {
            let isPadding = index >= input.count - padding
            let value = isPadding ? 0 : self.values[Int(character)]
            guard value < 64 else { return nil }
            group = group << 6 | UInt32(value)
            if index % 4 == 3 {
                result.append(UInt8(truncatingIfNeeded: group >> 16))
                result.append(UInt8(truncatingIfNeeded: group >> 8))
                result.append(UInt8(truncatingIfNeeded: group))
                group = 0
            }
        }
        result.removeLast(padding)
        return result
    }
}
