import Crypto

/// 32 bytes that seal values with AES-256-GCM.
///
/// Each value gets a key of its own, which HKDF-SHA256 makes of these bytes and 16 random ones, and a random nonce of 96
/// bits. So the number of values has no bound that matters, where random nonces under one key would end at 2^32.
///
/// ```
/// sealed   salt (16)   nonce (12)   ciphertext   tag (16)
/// ```
struct SealingKey: Sendable {
    static let byteCount = 32

    private static let saltByteCount = 16
    private static let nonceByteCount = 12
    private static let tagByteCount = 16
    static let overhead = saltByteCount + nonceByteCount + tagByteCount

    private let key: SymmetricKey
    private let purpose: [UInt8]

    /// - Parameters:
    ///   - bytes: 32 bytes; anything else is no key.
    ///   - purpose: Keeps apart what the same bytes seal for different purposes.
    init?(bytes: some Sequence<UInt8>, purpose: StaticString) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.key = SymmetricKey(data: bytes)
        self.purpose = Array(purpose.description.utf8)
    }

    func seal(_ plaintext: [UInt8], authenticating data: [UInt8]) -> [UInt8] {
        let salt = RandomBytes.make(Self.saltByteCount)
        do {
            let box = try AES.GCM.seal(
                plaintext, using: self.derived(salt), nonce: AES.GCM.Nonce(), authenticating: data)
            return salt + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            // Keys of 32 bytes and nonces of 12 are what AES-256-GCM takes; nothing else can be refused.
            preconditionFailure("AES-256-GCM did not take its key")
        }
    }

    /// `nil` for what was not sealed with this key and data, or was changed since.
    func open(_ sealed: [UInt8], authenticating data: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.overhead else { return nil }
        let start = Self.saltByteCount + Self.nonceByteCount
        let end = sealed.count - Self.tagByteCount
        guard let nonce = try? AES.GCM.Nonce(data: sealed[Self.saltByteCount..<start]),
            let box = try? AES.GCM.SealedBox(nonce: nonce, ciphertext: sealed[start..<end], tag: sealed[end...]),
            let plaintext = try? AES.GCM.open(
                box, using: self.derived(Array(sealed[..<Self.saltByteCount])), authenticating: data)
        else { return nil }
        return Array(plaintext)
    }

    /// 32 bytes, others for each label, and other than any key that seals: their HKDF has a random salt, this one none.
    func derive(label: [UInt8]) -> [UInt8] {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: self.key, info: self.purpose + [0] + label, outputByteCount: Self.byteCount
        ).withUnsafeBytes { Array($0) }
    }

    private func derived(_ salt: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: self.key, salt: salt, info: self.purpose, outputByteCount: Self.byteCount)
    }
}

/// Bytes from the operating system's generator.
enum RandomBytes {
    static func make(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
