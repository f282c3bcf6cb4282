import Crypto
import FoundationEssentials
package import TernRecords

/// The data keys of one body, opened.
package struct BodyCipher: Sendable {
    private let inner: SymmetricKey
    /// Under DSSE-KMS, that of the second layer.
    private let outer: SymmetricKey?

    init(inner: SymmetricKey, outer: SymmetricKey? = nil) {
        self.inner = inner
        self.outer = outer
    }

    /// Fresh random keys.
    static func random(layers: Int) -> BodyCipher {
        BodyCipher(
            inner: SymmetricKey(size: .bits256), outer: layers > 1 ? SymmetricKey(size: .bits256) : nil)
    }

    /// Reads ``keyBytes``.
    init?(keyBytes: [UInt8]) {
        switch keyBytes.count {
        case 32: self.init(inner: SymmetricKey(data: keyBytes))
        case 64: self.init(inner: SymmetricKey(data: keyBytes[..<32]), outer: SymmetricKey(data: keyBytes[32...]))
        default: return nil
        }
    }

    /// The key of each layer, 32 bytes each, the inner one first. To be sealed before it is kept.
    var keyBytes: [UInt8] { self.innerBytes + (self.outerBytes ?? []) }
    var innerBytes: [UInt8] { self.inner.withUnsafeBytes { Array($0) } }
    var outerBytes: [UInt8]? { self.outer?.withUnsafeBytes { Array($0) } }

    /// How often each chunk is sealed.
    var layers: Int { self.outer == nil ? 1 : 2 }

    /// What seals and opens a segment: under the data key itself where no salt says otherwise.
    ///
    /// The segments of an upload or of a large replica share a data key, so that each has a random salt: then their keys
    /// differ, and the numbers of their chunks cannot meet under one key.
    func segment(salt: Data) -> SegmentCipher {
        if salt.isEmpty { return SegmentCipher(inner: self.inner, outer: self.outer) }
        return SegmentCipher(
            inner: Self.derived("tern-segment", salt: salt, from: self.inner),
            outer: self.outer.map { Self.derived("tern-segment", salt: salt, from: $0) })
    }

    /// A salt for one more segment.
    static func makeSalt() -> Data { SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) } }

    /// What stands as the ETag where it must not be the MD5 of the plain bytes (spec rule MET-6): 16 bytes that only
    /// who has the data key can compute from it.
    func opaque(_ md5: [UInt8]) -> [UInt8] {
        var hmac = HMAC<SHA256>(key: self.inner)
        hmac.update(data: Array("tern-etag".utf8))
        hmac.update(data: md5)
        return Array(hmac.finalize().prefix(16))
    }

    static func derived(_ label: String, salt: Data, from key: SymmetricKey) -> SymmetricKey {
        var hmac = self.derivation(label, from: key)
        hmac.update(data: salt)
        return SymmetricKey(data: hmac.finalize())
    }

    /// The part of a derivation that is the same for all salts; a copy of it takes the salt.
    static func derivation(_ label: String, from key: SymmetricKey) -> HMAC<SHA256> {
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: Array(label.utf8))
        return hmac
    }
}

extension EncryptionRecord {
    /// Whether ETags are not MD5s of the plain bytes (MET-6).
    package var hasOpaqueETag: Bool {
        switch self.kind {
        case .sseKms, .dsseKms, .sseC: true
        case .none, .sseS3, .UNRECOGNIZED: false
        }
    }

    /// As `x-amz-server-side-encryption` names it; `nil` for keys of customers.
    package var methodName: String? {
        switch self.kind {
        case .sseS3: "AES256"
        case .sseKms: "aws:kms"
        case .dsseKms: "aws:kms:dsse"
        case .none, .sseC, .UNRECOGNIZED: nil
        }
    }

    /// How often each chunk is sealed.
    package var layers: Int { self.kind == .dsseKms ? 2 : 1 }

    /// What may be told to others: no keys.
    package var withoutKeys: EncryptionRecord {
        var record = self
        record.sealedKey = Data()
        record.wrappingKey = Data()
        record.outerSealedKey = Data()
        record.outerWrappingKey = Data()
        record.customerSalt = Data()
        record.keySalt = Data()
        return record
    }
}
