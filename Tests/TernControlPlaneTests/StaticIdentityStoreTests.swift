import TernControlPlane
import TernCore
import TernPorts
import Testing

@Suite("The accounts of the configuration")
struct StaticIdentityStoreTests {
    private static func entry(
        _ id: String, key: String, secret: String = "secret", name: String = "name", email: String = ""
    ) throws -> ConfiguredAccount {
        ConfiguredAccount(
            id: try #require(AccountID(id)), accessKey: key, secretKey: secret, displayName: name, email: email)
    }

    @Test("An access key leads to its secret and its account")
    func accessKeyLeadsToAccount() async throws {
        let store = try StaticIdentityStore([
            try Self.entry("111111111111", key: "AKIAONE", secret: "one", name: "one", email: "one@example.com"),
            try Self.entry("222222222222", key: "AKIATWO", secret: "two", name: "two"),
        ])
        let found = try await store.accessKey("AKIATWO", sessionToken: nil)
        let key = try #require(found)
        #expect(key.secret == "two")
        #expect(key.principal.account?.displayName == "two")
        let unknown = try await store.accessKey("AKIATHREE", sessionToken: nil)
        #expect(unknown == nil)
        let account = try #require(await store.account(AccountID(trusted: "111111111111")))
        #expect(account.email == "one@example.com")
        #expect(await store.account(AccountID(trusted: "333333333333")) == nil)
    }

    @Test("A canonical ID is 64 hexadecimal characters, differs between accounts and never changes")
    func canonicalID() throws {
        let first = ConfiguredAccount.canonicalID(of: AccountID(trusted: "111111111111"))
        let second = ConfiguredAccount.canonicalID(of: AccountID(trusted: "222222222222"))
        #expect(first.utf8.count == 64)
        #expect(first.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        #expect(first != second)
        #expect(first == "fed8cdc5000ad0489961731a9ef3db22062b88ae82a7a13b3c53becc98f3b988")
    }

    @Test("One account may have two access keys")
    func twoKeys() async throws {
        let store = try StaticIdentityStore([
            try Self.entry("111111111111", key: "AKIAONE"), try Self.entry("111111111111", key: "AKIATWO"),
        ])
        let one = try await store.accessKey("AKIAONE", sessionToken: nil)
        let two = try await store.accessKey("AKIATWO", sessionToken: nil)
        #expect(one?.principal == two?.principal)
    }

    @Test("An access key that stands twice is refused")
    func duplicateKey() {
        #expect(throws: AccountConfigurationError.duplicateAccessKey("AKIAONE")) {
            try StaticIdentityStore([
                try Self.entry("111111111111", key: "AKIAONE"), try Self.entry("222222222222", key: "AKIAONE"),
            ])
        }
    }

    @Test("One account with two names is refused")
    func conflictingAccount() {
        #expect(throws: AccountConfigurationError.conflictingAccount(AccountID(trusted: "111111111111"))) {
            try StaticIdentityStore([
                try Self.entry("111111111111", key: "AKIAONE", name: "one"),
                try Self.entry("111111111111", key: "AKIATWO", name: "two"),
            ])
        }
    }
}
