import Foundation
import TernControlPlane
import TernCore

/// One entry of `accounts.json`, which tests and scripts read.
struct DevAccount: Codable, Equatable, Sendable {
    var id: String
    var canonicalId: String
    var displayName: String
    var email: String
    var accessKey: String
    var secretKey: String

    init(_ account: ConfiguredAccount) {
        self.id = account.id.description
        self.canonicalId = ConfiguredAccount.canonicalID(of: account.id)
        self.displayName = account.displayName
        self.email = account.email
        self.accessKey = account.accessKey
        self.secretKey = account.secretKey
    }

    /// - Throws: ``CommandFailure`` when the entry was edited into something that is no account.
    func configured() throws -> ConfiguredAccount {
        guard let id = AccountID(self.id) else {
            throw CommandFailure("accounts.json: `\(self.id)` is no account ID; it must have 12 digits")
        }
        return ConfiguredAccount(
            id: id, accessKey: self.accessKey, secretKey: self.secretKey, displayName: self.displayName,
            email: self.email)
    }
}

extension ConfiguredAccount {
    /// Reads `ID:ACCESSKEY:SECRET[:NAME[:EMAIL]]`.
    init(option text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
        guard (3...5).contains(parts.count), let id = AccountID(parts[0]) else {
            throw CommandFailure("--account \(text): write ID:ACCESSKEY:SECRET[:NAME[:EMAIL]] with an ID of 12 digits")
        }
        guard AccountText.isAccessKey(parts[1]), parts[2].utf8.count >= 8 else {
            throw CommandFailure(
                "--account \(parts[0]): the access key needs 3 to 128 letters or digits, the secret at least 8 characters"
            )
        }
        let name = parts.count > 3 && !parts[3].isEmpty ? parts[3] : "account-\(parts[0])"
        self.init(
            id: id,
            accessKey: parts[1],
            secretKey: parts[2],
            displayName: name,
            email: parts.count > 4 && !parts[4].isEmpty ? parts[4] : "\(name)@example.com"
        )
    }

    /// The account that a new development federation gets.
    static func generated() -> ConfiguredAccount {
        ConfiguredAccount(
            id: AccountID(trusted: "111111111111"),
            accessKey: RandomKey.accessKey(),
            secretKey: RandomKey.secret(),
            displayName: "tern",
            email: "tern@example.com"
        )
    }
}

/// Keys from the kernel's random bits, in the form of AWS's.
enum RandomKey {
    static func accessKey() -> String {
        "AKIA" + self.text(count: 16, from: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    }

    static func secret() -> String {
        self.text(count: 40, from: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    /// 32 random bytes as hexadecimal digits.
    static func rootKey() -> String { self.text(count: 64, from: "0123456789abcdef") }

    static func consoleToken() -> String { self.text(count: 48, from: "abcdefghijklmnopqrstuvwxyz0123456789") }

    private static func text(count: Int, from alphabet: String) -> String {
        let characters = Array(alphabet)
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in characters[Int.random(in: 0..<characters.count, using: &generator)] })
    }
}
