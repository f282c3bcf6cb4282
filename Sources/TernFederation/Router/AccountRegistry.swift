import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol

/// The accounts of the federation, as the operator's commands list and make them (ACC-1).
package protocol AccountRegistry: Sendable {
    /// Takes over what a region noted about uses of access keys and roles. Home region only.
    func record(_ uses: [IAMUseRecord]) async throws(S3Error)

    /// Those of the configuration and those that were made.
    func accounts() async -> [Account]
    /// Makes an account with an access key of its root. Home region only.
    func create(_ account: NewAccount) async throws(S3Error) -> CreatedAccount
}

/// What an operator says of an account that is to be made.
package struct NewAccount: Hashable, Sendable {
    /// `nil` for one that nobody has.
    package var id: String?
    package var name: String
    package var email: String

    package init(id: String?, name: String, email: String) {
        self.id = id
        self.name = name
        self.email = email
    }
}

/// An account, and the access key of its root; the secret is shown this once.
package struct CreatedAccount: Hashable, Sendable {
    package var account: Account
    package var accessKeyID: String
    package var secret: String

    package init(account: Account, accessKeyID: String, secret: String) {
        self.account = account
        self.accessKeyID = accessKeyID
        self.secret = secret
    }
}
