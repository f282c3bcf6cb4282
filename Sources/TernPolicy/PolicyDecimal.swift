/// A decimal number of any length, compared exactly: as a `Double`, large numbers of bytes would be equal to their
/// neighbours.
struct PolicyDecimal: Hashable, Comparable, Sendable {
    private let isNegative: Bool
    /// Without leading zeros.
    private let whole: [UInt8]
    /// Without trailing zeros.
    private let fraction: [UInt8]

    /// Reads `-12.50`; `nil` for what is no number. Exponents are none of a policy's numbers.
    init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]
        var isNegative = false
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            bytes.removeFirst()
        }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } })
        else { return nil }
        var fraction = parts.count == 2 ? Array(parts[1]) : []
        while fraction.last == 0x30 { fraction.removeLast() }
        self.whole = Array(whole.drop { $0 == 0x30 })
        self.fraction = fraction
        self.isNegative = isNegative && !(self.whole.isEmpty && fraction.isEmpty)
    }

    static func < (left: Self, right: Self) -> Bool {
        switch (left.isNegative, right.isNegative) {
        case (true, false): true
        case (false, true): false
        case (false, false): left.isNearerToZero(than: right)
        case (true, true): right.isNearerToZero(than: left)
        }
    }

    private func isNearerToZero(than other: Self) -> Bool {
        if self.whole.count != other.whole.count { return self.whole.count < other.whole.count }
        if self.whole != other.whole { return self.whole.lexicographicallyPrecedes(other.whole) }
        return self.fraction.lexicographicallyPrecedes(other.fraction)
    }
}
