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
}

/// Who makes a request.
package enum Principal: Hashable, Sendable {
    /// The account's root, with its access key.
    case root(Account)
    case anonymous

    package var account: Account? {
        switch self {
        case .root(let account): account
        case .anonymous: nil
        }
    }
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

/// Knows the accounts and access keys.
package protocol IdentityStore: Sendable {
    func accessKey(_ id: String) async -> AccessKey?
    func account(_ id: AccountID) async -> Account?
    /// The account that ACLs know by this canonical ID.
    func account(canonicalID: String) async -> Account?
}
