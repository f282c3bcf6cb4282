import Crypto
import FoundationEssentials

/// A key that seals data keys: made by KMS, kept under the region's root key, or made of a customer's key.
struct WrappingKey: Sendable {
    private let key: SymmetricKey

    init(_ bytes: [UInt8]) {
        self.key = SymmetricKey(data: bytes)
    }

    /// SSE-C: the key that a customer's key makes with a salt. Neither can be told from what is stored.
    init(customerKey: CustomerKey, salt: Data) {
        self.key = BodyCipher.derived("tern-sse-c", salt: salt, from: SymmetricKey(data: customerKey.bytes))
    }

    /// A fresh random one, with its bytes.
    static func random() -> (key: WrappingKey, bytes: [UInt8]) {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        return (WrappingKey(bytes), bytes)
    }

    /// `nil` never happens for a data key; it stands for a failure of the library.
    func seal(_ dataKey: [UInt8]) -> Data? {
        try? AES.GCM.seal(dataKey, using: self.key).combined
    }

    /// `nil` for what this key did not seal.
    func open(_ sealed: Data) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed), let plain = try? AES.GCM.open(box, using: self.key)
        else { return nil }
        return Array(plain)
    }
}
