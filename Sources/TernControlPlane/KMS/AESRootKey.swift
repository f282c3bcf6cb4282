import Crypto
import TernCore
import TernPorts

/// A ``RootKey`` of 32 bytes in memory.
///
/// Each value is sealed with AES-256-GCM under a key of its own, which HKDF-SHA256 makes of the root key and 16 random
/// bytes, with a random nonce of 96 bits. So the number of values that one root key may seal has no bound that matters,
/// where random nonces under the root key itself would end at 2^32.
///
/// ```
/// sealed   version 1 (1)   salt (16)   nonce (12)   ciphertext   tag (16)
/// ```
package struct AESRootKey: RootKey, Sendable {
    package static let byteCount = 32

    private static let version: UInt8 = 1
    private static let saltByteCount = 16
    private static let nonceByteCount = 12
    private static let tagByteCount = 16
    private static let overhead = 1 + saltByteCount + nonceByteCount + tagByteCount

    private let key: SymmetricKey

    /// - Parameter bytes: 32 bytes; anything else is no root key.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    /// Reads a key as people write it: 64 hexadecimal digits, or base64 of 32 bytes; white space around it is ignored.
    package init?(text: some Sequence<UInt8>) {
        var text = Array(text)
        while let last = text.last, Self.isBlank(last) { text.removeLast() }
        text = Array(text.drop(while: Self.isBlank))
        if text.count == 2 * Self.byteCount {
            guard let bytes = Self.bytes(hexadecimal: text) else { return nil }
            self.init(bytes: bytes)
        } else {
            guard let data = Base64.decode(String(decoding: text, as: UTF8.self)) else { return nil }
            self.init(bytes: data)
        }
    }

    package func seal(_ plaintext: [UInt8], label: String) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<Self.saltByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        do {
            let box = try AES.GCM.seal(
                plaintext, using: self.derived(salt), nonce: AES.GCM.Nonce(), authenticating: Array(label.utf8))
            return [Self.version] + salt + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            // Keys of 32 bytes and nonces of 12 are what AES-256-GCM takes; nothing else can be refused.
            preconditionFailure("AES-256-GCM did not take its key")
        }
    }

    package func open(_ sealed: [UInt8], label: String) -> [UInt8]? {
        guard sealed.count >= Self.overhead, sealed[0] == Self.version else { return nil }
        let nonceStart = 1 + Self.saltByteCount
        let start = nonceStart + Self.nonceByteCount
        let end = sealed.count - Self.tagByteCount
        guard let nonce = try? AES.GCM.Nonce(data: sealed[nonceStart..<start]),
            let box = try? AES.GCM.SealedBox(nonce: nonce, ciphertext: sealed[start..<end], tag: sealed[end...]),
            let plaintext = try? AES.GCM.open(
                box, using: self.derived(Array(sealed[1..<nonceStart])), authenticating: Array(label.utf8))
        else { return nil }
        return Array(plaintext)
    }

    private func derived(_ salt: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: self.key, salt: salt, info: Array("tern-root-key-1".utf8), outputByteCount: Self.byteCount
        )
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }

    private static func bytes(hexadecimal text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = hexValue(text[index]), let low = hexValue(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
