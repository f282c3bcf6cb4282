/// A text of `Action` (POL-3): case-insensitive, with `*` and `?` anywhere. Actions are ASCII.
struct ActionPattern: Hashable, Sendable {
    /// In lower case.
    private let bytes: [UInt8]
    private let hasWildcards: Bool

    init(_ text: String) {
        self.bytes = Self.lowercased(text)
        self.hasWildcards = self.bytes.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// Of ASCII: actions have no other letters.
    static func lowercased(_ text: String) -> [UInt8] {
        text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// - Parameter action: In lower case.
    func matches(_ action: [UInt8]) -> Bool {
        guard self.hasWildcards else { return self.bytes == action }
        var element = 0
        var byte = 0
        var retry: (element: Int, byte: Int)?
        while byte < action.count {
            if element < self.bytes.count, self.bytes[element] == UInt8(ascii: "*") {
                element += 1
                retry = (element, byte)
            } else if element < self.bytes.count,
                self.bytes[element] == UInt8(ascii: "?") || self.bytes[element] == action[byte]
            {
                element += 1
                byte += 1
            } else if let last = retry {
                element = last.element
                byte = last.byte + 1
                retry = (element, byte)
            } else {
                return false
            }
        }
        return self.bytes[element...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
