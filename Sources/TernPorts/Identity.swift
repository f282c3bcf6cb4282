package import TernCore

/// An account of the federation.
package struct Account: Hashable, Sendable {
    package var id: AccountID
    /// 64 hexadecimal characters that stand for the account in ACLs and listings.
    package var canonicalID: String
    package var displayName: String
    package var email: String

    package init(id: AccountID, canonicalID: String, displayName: String, email: String) {
        self.id = id
        self.canonicalID = canonicalID
        self.displayName = displayName
        self.email = email
    }

    /// Whoever does not say who it is: owns what it writes where ACLs are in use, and has no number (ACC-2).
    package static let anonymous = Account(
        id: AccountID(trusted: "anonymous"), canonicalID: "65a011a29cdf8ec533ec3d1ccaae921c", displayName: "",
        email: "")

    /// The ARN of the account's root (ACC-4).
    package var rootARN: String { "arn:aws:iam::\(self.id):root" }
}

/// An access key and what it proves.
package struct AccessKey: Hashable, Sendable {
    package var id: String
    package var secret: String
    package var principal: Principal

    package init(id: String, secret: String, principal: Principal) {
        self.id = id
        self.secret = secret
        self.principal = principal
    }
}

/// Why temporary credentials are refused (STS-6).
package enum SessionTokenProblem: Error, Hashable, Sendable {
    /// No token with a temporary key, one with a long-lived key, or one that is not of this key or federation.
    case invalid
    case expired
}

/// Knows the accounts and access keys.
package protocol IdentityStore: Sendable {
    /// The access key; `nil` for one that is unknown, inactive or whose user or role is gone.
    ///
    /// - Parameter sessionToken: As the request has it; `nil` for none.
    func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey?
    func account(_ id: AccountID) async -> Account?
    /// The account that ACLs know by this canonical ID.
    func account(canonicalID: String) async -> Account?
}
