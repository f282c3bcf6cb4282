import Crypto
import CryptoExtras
import FoundationEssentials
import TernCore

/// A public key of an issuer of tokens.
///
/// Source: RFC 7517, RFC 7518 §3.3, §3.4.
struct JSONWebKey: Sendable {
    private enum Key: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
    }

    /// Empty where the issuer gives none.
    var id: String
    private var key: Key

    /// `nil` for keys of other kinds and uses, and for those that are too weak.
    init?(_ json: JSONValue) {
        if let use = json["use"]?.string, use != "sig" { return nil }
        self.id = json["kid"]?.string ?? ""
        func bytes(_ name: String) -> [UInt8]? { json[name]?.string.flatMap { JSONWebToken.decode($0) } }
        switch json["kty"]?.string {
        case "RSA":
            // Fewer than 2048 bits are refused.
            guard let n = bytes("n"), let e = bytes("e"), n.count <= Self.maximumModulusByteCount,
                let key = try? _RSA.Signing.PublicKey(n: n, e: e)
            else { return nil }
            self.key = .rsa(key)
        case "EC" where json["crv"]?.string == "P-256":
            guard let x = bytes("x"), let y = bytes("y"), x.count == 32, y.count == 32,
                let key = try? P256.Signing.PublicKey(x963Representation: [4] + x + y)
            else { return nil }
            self.key = .p256(key)
        default:
            return nil
        }
    }

    /// 8192 bits: the time that a verification takes has a bound.
    private static let maximumModulusByteCount = 1024

    /// Whether this key signed the token, in the way that the token says.
    func verifies(_ token: JSONWebToken) -> Bool {
        let digest = SHA256.hash(data: token.signed)
        switch (self.key, token.algorithm) {
        case (.rsa(let key), .rs256):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: token.signature), for: digest,
                padding: .insecurePKCS1v1_5)
        case (.p256(let key), .es256):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: token.signature) else {
                return false
            }
            return key.isValidSignature(signature, for: digest)
        case (.rsa, .es256), (.p256, .rs256):
            return false
        }
    }
}
