import TernCore
import TernPorts

/// A ``RootKey`` of 32 bytes in memory.
///
/// ```
/// sealed   version 1 (1)   what SealingKey makes
/// ```
package struct AESRootKey: RootKey, Sendable {
    package static let byteCount = SealingKey.byteCount

    private static let version: UInt8 = 1

    private let key: SealingKey

    /// - Parameter bytes: 32 bytes; anything else is no root key.
    package init?(bytes: some Sequence<UInt8>) {
        guard let key = SealingKey(bytes: bytes, purpose: "tern-root-key-1") else { return nil }
        self.key = key
    }

    /// Reads a key as people write it: 64 hexadecimal digits, or base64 of 32 bytes; white space around it is ignored.
    package init?(text: some Sequence<UInt8>) {
        var text = Array(text)
        while let last = text.last, Self.isBlank(last) { text.removeLast() }
        text = Array(text.drop(while: Self.isBlank))
        let isHexadecimal = text.count == 2 * Self.byteCount
        let decoded = isHexadecimal ? [UInt8](hex: text) : Base64.decode(String(decoding: text, as: UTF8.self))
        guard let decoded else { return nil }
        self.init(bytes: decoded)
    }

    package func seal(_ plaintext: [UInt8], label: String) -> [UInt8] {
        [Self.version] + self.key.seal(plaintext, authenticating: Array(label.utf8))
    }

    package func open(_ sealed: [UInt8], label: String) -> [UInt8]? {
        guard sealed.first == Self.version else { return nil }
        return self.key.open(Array(sealed.dropFirst()), authenticating: Array(label.utf8))
    }

    package func derive(label: String) -> [UInt8] {
        self.key.derive(label: Array(label.utf8))
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }
}
