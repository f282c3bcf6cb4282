import Crypto
import TernChecksums
import TernCore

/// The key that signs all of one credential's requests of a day, in the form of HMAC-SHA256's two prepared hash states
/// (RFC 2104), so that a signature costs no more than its message.
package struct SigningKey: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    /// Derives the key: HMAC over date, region, service and `aws4_request`, from `"AWS4"` and the secret (SIG-8).
    package init(secret: String, credential: Credential) {
        var key = SigningKey(hmacKey: Array("AWS4\(secret)".utf8))
        for step in [credential.date, credential.region, credential.service, "aws4_request"] {
            key = SigningKey(hmacKey: key.authenticate(Array(step.utf8)))
        }
        self = key
    }

    init(hmacKey: [UInt8]) {
        let blockByteCount = 64
        var block = hmacKey.count > blockByteCount ? SHA256Hasher.hash(hmacKey) : hmacKey
        block.append(contentsOf: repeatElement(0, count: blockByteCount - block.count))
        self.inner = Self.state(block, mask: 0x36)
        self.outer = Self.state(block, mask: 0x5C)
    }

    private static func state(_ block: [UInt8], mask: UInt8) -> SHA256 {
        var state = SHA256()
        block.map { $0 ^ mask }.withUnsafeBytes { state.update(bufferPointer: $0) }
        return state
    }

    /// The 32 bytes of HMAC-SHA256 of `message`.
    func authenticate(_ message: [UInt8]) -> [UInt8] {
        var inner = self.inner
        message.withUnsafeBytes { inner.update(bufferPointer: $0) }
        var outer = self.outer
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        return Array(outer.finalize())
    }

    /// The signature of a string to sign, in lower-case hexadecimal, as ASCII.
    func signature(_ stringToSign: [UInt8]) -> [UInt8] {
        self.authenticate(stringToSign).lowercaseHexBytes
    }
}
