/// An IPv4 or IPv6 network, or one address, as `IpAddress` compares them.
struct AddressRange: Hashable, Sendable {
    private let bytes: [UInt8]
    /// How many bits of an address are the network's.
    let prefix: Int

    var isVersion4: Bool { self.bytes.count == 4 }

    /// `10.0.0.0/8`, `2001:db8::/32`; a bare address is a network of itself alone.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Self.address(first) else { return nil }
        self.bytes = bytes
        guard parts.count == 2 else {
            self.prefix = bytes.count * 8
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let prefix = Int(parts[1]), prefix <= bytes.count * 8
        else { return nil }
        self.prefix = prefix
    }

    /// Whether all of the other network lies in this one.
    func contains(_ other: AddressRange) -> Bool {
        guard self.bytes.count == other.bytes.count, self.prefix <= other.prefix else { return false }
        let full = self.prefix / 8
        guard self.bytes[..<full] == other.bytes[..<full] else { return false }
        let bits = self.prefix % 8
        return bits == 0 || (self.bytes[full] ^ other.bytes[full]) >> (8 - bits) == 0
    }

    private static func address(_ text: some StringProtocol) -> [UInt8]? {
        text.utf8.contains(UInt8(ascii: ":")) ? Self.version6(String(text)) : Self.version4(String(text))
    }

    private static func version4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for part in parts {
            // A leading zero is octal to some readers.
            guard part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), part == "0" || !part.hasPrefix("0"),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes.count == 4 ? bytes : nil
    }

    private static func version6(_ text: String) -> [UInt8]? {
        // At most one `::`, which stands for one group of zeros or more.
        guard let gap = text.firstIndex(ofPair: ":") else {
            let bytes = Self.groups(text)
            return bytes?.count == 16 ? bytes : nil
        }
        let before = text[..<gap]
        let after = text[text.index(gap, offsetBy: 2)...]
        guard let head = before.isEmpty ? [] : Self.groups(String(before), isLast: false),
            let tail = after.isEmpty ? [] : Self.groups(String(after)), head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: String, isLast: Bool = true) -> [UInt8]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let version4 = Self.version4(String(part)) else { return nil }
                bytes += version4
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.first != UInt8(ascii: "+"),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return bytes
    }
}

extension String {
    /// Where a character first stands twice in a row.
    fileprivate func firstIndex(ofPair character: Character) -> Index? {
        self.indices.first { index in
            let next = self.index(after: index)
            return self[index] == character && next < self.endIndex && self[next] == character
        }
    }
}
