package import Crypto
import TernCore

/// Signature version 4A: a key pair on P-256 that is derived from the secret (spec rules SIG-50 to SIG-54).
package enum AsymmetricKey {
    private static let algorithm = "AWS4-ECDSA-P256-SHA256"

    /// The order of P-256, less two.
    private static let orderMinusTwo: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x4F,
    ]

    /// The private key (SIG-51); `nil` in the case, which does not arise, that 254 attempts give none.
    package static func privateKey(secret: String, accessKeyID: String) -> P256.Signing.PrivateKey? {
        let key = SigningKey(hmacKey: Array("AWS4A\(secret)".utf8))
        for counter in UInt8(1)...254 {
            var message: [UInt8] = [0, 0, 0, 1]
            message.append(contentsOf: self.algorithm.utf8)
            message.append(0)
            message.append(contentsOf: accessKeyID.utf8)
            message.append(counter)
            message.append(contentsOf: [0, 0, 1, 0])
            let candidate = key.authenticate(message)
            if self.orderMinusTwo.lexicographicallyPrecedes(candidate) { continue }
            return try? P256.Signing.PrivateKey(rawRepresentation: self.incremented(candidate))
        }
        return nil
    }

    package static func publicKey(secret: String, accessKeyID: String) -> P256.Signing.PublicKey? {
        self.privateKey(secret: secret, accessKeyID: accessKeyID)?.publicKey
    }

    private static func incremented(_ number: [UInt8]) -> [UInt8] {
        var result = number
        for index in result.indices.reversed() {
            result[index] &+= 1
            if result[index] != 0 { break }
        }
        return result
    }
}

/// What a signature is compared with, or verified by.
package enum VerificationKey: Sendable {
    case hmac(SigningKey)
    /// `nil` accepts nothing.
    case ecdsa(P256.Signing.PublicKey?)

    /// Whether `signature`, in hexadecimal ASCII, is right for the string to sign.
    func accepts(_ signature: [UInt8], for stringToSign: [UInt8]) -> Bool {
        switch self {
        case .hmac(let key):
            return String(decoding: signature, as: UTF8.self).isEqualInConstantTime(to: key.signature(stringToSign))
        case .ecdsa(let key):
            // SIG-52: signing is not deterministic, so the signature is verified, not compared.
            guard let key, let bytes = [UInt8](hex: signature),
                let parsed = try? P256.Signing.ECDSASignature(derRepresentation: bytes)
            else { return false }
            return key.isValidSignature(parsed, for: stringToSign)
        }
    }
}
