import Foundation

/// What one who was invited sends to the home region, twice: to look, and to join once it has what a region needs.
struct JoinRequest: Codable, Sendable {
    var region: String
    /// Of the invitation.
    var id: String
    var expiresMilliseconds: Int64
    /// Where the new region will answer.
    var endpoint: String
    /// Other for each request, so that no old answer passes for a new one.
    var nonce: String
    /// Whether to join; else only to look whether it could.
    var joins: Bool
    var proof = ""

    /// What the proof is of.
    var question: String {
        [
            self.region, self.id, "\(self.expiresMilliseconds)", self.endpoint, self.nonce,
            self.joins ? "join" : "look",
        ].joined(separator: "\n")
    }
}

/// What the home region answers, sealed by the invitation: all that regions of a federation have in common, but the root
/// key, which operators carry themselves.
struct JoinAnswer: Codable, Sendable {
    struct Region: Codable, Sendable {
        var name: String
        var endpoint: String
    }

    struct Account: Codable, Sendable {
        var id: String
        var accessKey: String
        var secretKey: String
        var name: String
        var email: String
    }

    var home: String
    var regions: [Region]
    var credential: FederationCredential
    var accounts: [Account]
    var baseDomains: [String]
    /// ``rootKeyText`` sealed by the root key, base64; `nil` where the federation has none.
    var rootKeyCheck: String?
    /// Whether this changed something.
    var isNew: Bool

    static let rootKeyText = Array("the root key of a federation of Tern".utf8)
    static let rootKeyLabel = "region join"
}
