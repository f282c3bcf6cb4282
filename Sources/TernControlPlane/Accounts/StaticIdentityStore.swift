import Crypto
package import TernCore
package import TernPorts

/// An account as the configuration names it.
package struct ConfiguredAccount: Hashable, Sendable {
    package var id: AccountID
    package var accessKey: String
    package var secretKey: String
    package var displayName: String
    package var email: String

    package init(id: AccountID, accessKey: String, secretKey: String, displayName: String, email: String) {
        self.id = id
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.displayName = displayName
        self.email = email
    }

    /// 64 hexadecimal characters that stand for the account in ACLs and listings: the same in every region of a
    /// federation, and for as long as the account keeps its number.
    package static func canonicalID(of id: AccountID) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let digest = SHA256.hash(data: Array("tern-canonical:\(id)".utf8))
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package var account: Account {
        Account(
            id: self.id,
            canonicalID: Self.canonicalID(of: self.id),
            displayName: self.displayName,
            email: self.email
        )
    }
}

/// Why configured accounts do not make an identity store.
package enum AccountConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    case duplicateAccessKey(String)
    /// One account may have several access keys, but one name and one email.
    case conflictingAccount(AccountID)

    package var description: String {
        switch self {
        case .duplicateAccessKey(let key):
            "the access key \(key) is configured twice; give each entry of accounts its own access_key"
        case .conflictingAccount(let id):
            "the account \(id) is configured twice with different names or emails; make them the same"
        }
    }
}

/// The accounts and access keys that the configuration names. They do not change while the process runs.
///
/// An access key ID is no secret, so a dictionary may answer for it; the secret is compared nowhere: the signature made
/// with it is, by the authentication, in constant time.
package struct StaticIdentityStore: IdentityStore {
    private let accessKeys: [String: AccessKey]
    private let accounts: [AccountID: Account]

    /// - Throws: When an access key stands twice, or one account has two names.
    package init(_ configured: [ConfiguredAccount]) throws(AccountConfigurationError) {
        var accessKeys: [String: AccessKey] = [:]
        var accounts: [AccountID: Account] = [:]
        for entry in configured {
            let account = entry.account
            if let known = accounts[account.id], known != account { throw .conflictingAccount(account.id) }
            accounts[account.id] = account
            let key = AccessKey(id: entry.accessKey, secret: entry.secretKey, principal: .root(account))
            guard accessKeys.updateValue(key, forKey: entry.accessKey) == nil else {
                throw .duplicateAccessKey(entry.accessKey)
            }
        }
        self.accessKeys = accessKeys
        self.accounts = accounts
    }

    package func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? {
        guard let key = self.accessKeys[id] else { return nil }
        // Long-lived keys have no session token.
        guard sessionToken == nil else { throw .invalid }
        return key
    }

    package func account(_ id: AccountID) async -> Account? { self.accounts[id] }

    package func account(canonicalID: String) async -> Account? {
        self.accounts.values.first { $0.canonicalID == canonicalID }
    }
}
