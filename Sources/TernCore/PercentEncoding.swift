/// Percent-encoding as AWS signs it, and as S3 lists it.
package enum PercentEncoding {
    /// Decodes `%XX`; `nil` for a broken escape.
    package static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var result: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let first = iterator.next(), let second = iterator.next(), let high = hexValue(first),
                    let low = hexValue(second)
                else { return nil }
                result.append(high << 4 | low)
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                result.append(UInt8(ascii: " "))
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// Decodes to a string; `nil` for a broken escape or bytes that are not UTF-8.
    package static func decodeText(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> String? {
        guard let bytes = self.decode(text, plusIsSpace: plusIsSpace) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Appends `bytes` with every octet but `A-Za-z0-9-._~` (and `/`, if asked) as `%XX`, the form that SigV4 signs.
    package static func appendEncoded(_ bytes: some Sequence<UInt8>, keepingSlash: Bool, to result: inout [UInt8]) {
        for byte in bytes {
            if self.isUnreserved[Int(byte)] || (keepingSlash && byte == UInt8(ascii: "/")) {
                result.append(byte)
            } else {
                self.appendEscape(byte, to: &result)
            }
        }
    }

    /// As above, for a text's UTF-8; not generic, because this stands in the way of every signed request.
    package static func appendEncoded(_ text: String, keepingSlash: Bool, to result: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            for byte in bytes {
                if self.isUnreserved[Int(byte)] || (keepingSlash && byte == UInt8(ascii: "/")) {
                    result.append(byte)
                } else {
                    self.appendEscape(byte, to: &result)
                }
            }
        }
    }

    package static func encode(_ bytes: some Sequence<UInt8>, keepingSlash: Bool) -> String {
        var result: [UInt8] = []
        self.appendEncoded(bytes, keepingSlash: keepingSlash, to: &result)
        return String(decoding: result, as: UTF8.self)
    }

    /// Appends `bytes` in the form of `encoding-type=url`: like Java's URLEncoder, but `/` stays (spec rule LST-3).
    ///
    /// Not generic, unlike its siblings: it runs for each byte of each key of a list, and generic code of this module is
    /// not specialised in others.
    package static func appendListEncoded(_ bytes: [UInt8], to result: inout [UInt8]) {
        let isUnreserved = self.isUnreserved
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "~"): self.appendEscape(byte, to: &result)
            case UInt8(ascii: "*"), UInt8(ascii: "/"): result.append(byte)
            case UInt8(ascii: " "): result.append(UInt8(ascii: "+"))
            default:
                if isUnreserved[Int(byte)] { result.append(byte) } else { self.appendEscape(byte, to: &result) }
            }
        }
    }

    private static func appendEscape(_ byte: UInt8, to result: inout [UInt8]) {
        result.append(UInt8(ascii: "%"))
        result.append(self.upperHex[Int(byte >> 4)])
        result.append(self.upperHex[Int(byte & 15)])
    }

    private static let upperHex = Array("0123456789ABCDEF".utf8)

    private static let isUnreserved: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8 {
            table[Int(byte)] = true
        }
        return table
    }()
}
