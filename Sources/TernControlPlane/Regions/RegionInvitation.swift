import Crypto
package import TernCore

/// What an operator gives a machine that is to become a region: good for one name, and for a time.
///
/// Its secret follows from the federation's, so that the home region keeps nothing of an invitation. It is never sent: the
/// one who joins proves with it that it was invited, and what the home region answers is sealed by it. So neither needs a
/// connection that keeps secrets (identity-and-control, part 8).
package struct RegionInvitation: Sendable, CustomStringConvertible {
    package let region: RegionName
    package let expires: Timestamp
    /// 32 hexadecimal digits.
    package let id: String
    /// Where the home region answers.
    package let home: String
    private let secret: [UInt8]

    private static let version = "tern-join-1"

    private init(region: RegionName, expires: Timestamp, id: String, home: String, secret: [UInt8]) {
        self.region = region
        self.expires = expires
        self.id = id
        self.home = home
        self.secret = secret
    }

    /// Without the secret: invitations may come into messages.
    package var description: String { "invitation \(self.id) of \(self.region)" }

    /// A new one.
    package static func make(
        region: RegionName, home: String, expires: Timestamp, federationSecret: String
    ) -> RegionInvitation {
        let id = RandomBytes.make(16).lowercaseHex
        return RegionInvitation(
            region: region, expires: expires, id: id, home: home,
            secret: self.secret(federationSecret, region: region, expires: expires, id: id))
    }

    /// The one that a request names, as the home region would have made it.
    package init(region: RegionName, expires: Timestamp, id: String, home: String, federationSecret: String) {
        self.init(
            region: region, expires: expires, id: id, home: home,
            secret: Self.secret(federationSecret, region: region, expires: expires, id: id))
    }

    private static func secret(
        _ federationSecret: String, region: RegionName, expires: Timestamp, id: String
    ) -> [UInt8] {
        let text = "tern-invitation-1\n\(region)\n\(expires.milliseconds)\n\(id)"
        let key = SymmetricKey(data: Array(federationSecret.utf8))
        return Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    // MARK: As a text

    /// Letters, digits, `-` and `_`.
    package var token: String {
        let text = [
            Self.version, self.region.description, "\(self.expires.milliseconds)", self.id, self.home,
            self.secret.lowercaseHex,
        ].joined(separator: "\n")
        return Base64.encode(Array(text.utf8)).replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// `nil` for a text that is no invitation.
    package init?(token: String) {
        var text = token.replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        guard let bytes = Base64.decode(text) else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == Self.version, let region = RegionName(parts[1]),
            let milliseconds = Int64(parts[2]), let secret = [UInt8](hex: parts[5].utf8),
            secret.count == SealingKey.byteCount
        else { return nil }
        self.init(
            region: region, expires: Timestamp(milliseconds: milliseconds), id: parts[3], home: parts[4],
            secret: secret)
    }

    // MARK: Proof and seal

    /// Proves that whoever asks has the invitation, for just this question.
    package func proof(of question: String) -> String {
        Array(HMAC<SHA256>.authenticationCode(for: Self.message(question), using: SymmetricKey(data: self.secret)))
            .lowercaseHex
    }

    package func isProof(_ proof: String, of question: String) -> Bool {
        guard let code = [UInt8](hex: proof.utf8) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: Self.message(question), using: SymmetricKey(data: self.secret))
    }

    private static func message(_ question: String) -> [UInt8] { Array("tern-join-request-1\n\(question)".utf8) }

    /// Seals the answer to a question; an answer to another one does not open.
    package func seal(_ answer: [UInt8], to question: String) -> [UInt8]? {
        SealingKey(bytes: self.secret, purpose: "tern-join-answer-1")?
            .seal(answer, authenticating: Array(question.utf8))
    }

    package func open(_ sealed: [UInt8], to question: String) -> [UInt8]? {
        SealingKey(bytes: self.secret, purpose: "tern-join-answer-1")?
            .open(sealed, authenticating: Array(question.utf8))
    }
}
