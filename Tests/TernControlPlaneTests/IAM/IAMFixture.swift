import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernTestSupport

/// IAM over rows in memory, as the home region has it.
struct IAMFixture {
    static let alice = Account(
        id: AccountID(trusted: "111111111111"), canonicalID: String(repeating: "a", count: 64), displayName: "alice",
        email: "alice@tern.example")
    static let bob = Account(
        id: AccountID(trusted: "222222222222"), canonicalID: String(repeating: "b", count: 64), displayName: "bob",
        email: "bob@tern.example")
    static let account = "111111111111"

    let log: MemoryControlLog
    let catalog: IAMCatalog

    init(log: MemoryControlLog = MemoryControlLog(), rootKey: AESRootKey? = Self.rootKey, seed: UInt64 = 1) async throws
    {
        self.log = log
        self.catalog = IAMCatalog(
            log: log, configured: [Self.alice, Self.bob], rootKey: rootKey, wall: ManualClock(),
            random: SeededRandom(seed: seed))
        try await self.catalog.load()
    }

    static let rootKey = AESRootKey(text: String(repeating: "01", count: 32).utf8)

    static let trust =
        #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole"}}"#

    static func allow(_ action: String) -> String {
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"\(action)\",\"Resource\":\"*\"}}"
    }

    static func trust(_ arn: String) -> String {
        "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"\(arn)\"}, "
            + "\"Action\": \"sts:AssumeRole\"}]}"
    }

    @discardableResult
    func makeUser(_ name: String, in account: String = Self.account) async throws(IAMError) -> IAMUserRecord {
        var user = IAMUserRecord()
        user.id = self.catalog.makeID(IAMUserRecord.idPrefix)
        user.account = account
        user.name = name
        user.path = "/"
        let wanted = user
        return try await self.catalog.change { state throws(IAMError) in try state.createUser(wanted) }
    }

    @discardableResult
    func makeRole(_ name: String, trust: String = Self.trust) async throws(IAMError) -> IAMRoleRecord {
        var role = IAMRoleRecord()
        role.id = self.catalog.makeID(IAMRoleRecord.idPrefix)
        role.account = Self.account
        role.name = name
        role.path = "/"
        role.trustPolicy = trust
        role.maximumSessionSeconds = 3600
        let wanted = role
        return try await self.catalog.change { state throws(IAMError) in try state.createRole(wanted) }
    }

    @discardableResult
    func makePolicy(_ name: String, _ document: String) async throws(IAMError) -> IAMPolicyRecord {
        var policy = IAMPolicyRecord()
        policy.id = self.catalog.makeID(IAMPolicyRecord.idPrefix)
        policy.account = Self.account
        policy.name = name
        policy.path = "/"
        let wanted = policy
        return try await self.catalog.change { state throws(IAMError) in
            try state.createPolicy(wanted, document: document)
        }
    }

    func makeKey(of user: String) async throws(IAMError) -> (id: String, secret: String) {
        let made = try self.catalog.makeAccessKey()
        _ = try await self.catalog.change { state throws(IAMError) in
            try state.createAccessKey(made.key, ofUser: user, in: Self.account)
        }
        return (made.key.id, made.secret)
    }

    func principal(_ user: IAMUserRecord) -> Principal {
        .user(UserIdentity(account: Self.alice, name: user.name, path: user.path, id: user.id))
    }
}
