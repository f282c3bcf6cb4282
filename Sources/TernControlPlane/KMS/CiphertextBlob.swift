import TernCore

/// What Encrypt and GenerateDataKey answer (KMS-6).
///
/// ```
/// blob   version 1 (1)   kind of ID: 0 a UUID, 1 mrk- (1)   key ID (16)   material ID (32)   what SealingKey makes
/// ```
///
/// The encryption context and all that stands before the sealed part are authenticated.
struct CiphertextBlob: Sendable {
    private static let version: UInt8 = 1
    private static let headerByteCount = 50
    static let maximumByteCount = 6144

    let keyID: String
    /// 32 bytes.
    let materialID: [UInt8]
    private let header: [UInt8]
    private let sealed: [UInt8]

    /// Reads a blob; `nil` for bytes that are none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerByteCount + SealingKey.overhead, bytes.count <= Self.maximumByteCount,
            bytes[0] == Self.version, bytes[1] <= 1
        else { return nil }
        self.keyID = KeyIdentifier.text(Array(bytes[2..<18]), isMultiRegion: bytes[1] == 1)
        self.materialID = Array(bytes[18..<Self.headerByteCount])
        self.header = Array(bytes[..<Self.headerByteCount])
        self.sealed = Array(bytes[Self.headerByteCount...])
    }

    /// Encrypts.
    ///
    /// - Parameter id: As ``KeyIdentifier/bytes(_:)`` reads it.
    static func seal(
        _ plaintext: [UInt8], id: (bytes: [UInt8], isMultiRegion: Bool), materialID: [UInt8], key: SealingKey,
        context: [String: String]
    ) -> [UInt8] {
        let header = [Self.version, id.isMultiRegion ? 1 : 0] + id.bytes + materialID
        return header + key.seal(plaintext, authenticating: Self.authenticated(header, context))
    }

    /// The plaintext; `nil` if the context is another, or the blob was changed.
    func open(with key: SealingKey, context: [String: String]) -> [UInt8]? {
        key.open(self.sealed, authenticating: Self.authenticated(self.header, context))
    }

    /// The header and the context in its one order, each text with its length before it, so that no two contexts give
    /// the same bytes.
    private static func authenticated(_ header: [UInt8], _ context: [String: String]) -> [UInt8] {
        var bytes = header
        let pairs = context.map { (Array($0.key.utf8), Array($0.value.utf8)) }.sorted { one, other in
            one.0.lexicographicallyPrecedes(other.0)
        }
        for (key, value) in pairs {
            bytes.append(bigEndian: UInt32(key.count))
            bytes += key
            bytes.append(bigEndian: UInt32(value.count))
            bytes += value
        }
        return bytes
    }
}
