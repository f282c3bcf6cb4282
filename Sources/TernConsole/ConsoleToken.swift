/// The secret that opens the console's API.
package struct ConsoleToken: Sendable {
    /// Shorter ones could be guessed.
    package static let minimumByteCount = 32
    private static let maximumByteCount = 512

    private let bytes: [UInt8]

    /// `nil` for a text that is too short, or that cannot stand in a header or behind the `#` of an address as it is.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let allowed = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
        guard allowed, (Self.minimumByteCount...Self.maximumByteCount).contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// Whether the value of an `Authorization` field has the token. How long this takes tells nothing about the token
    /// but its length.
    func isIn(_ authorization: String?) -> Bool {
        guard let authorization else { return false }
        let parts = authorization.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let given = Array(parts[1].utf8)
        guard given.count == self.bytes.count else { return false }
        return zip(given, self.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
