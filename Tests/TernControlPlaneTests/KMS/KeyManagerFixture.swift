import Logging
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernStorage
import TernTestSupport
import Testing

/// Users of both accounts, with a policy of their own or none; `gone` stands for those that were deleted.
struct TestPrincipals: PrincipalDirectory {
    /// By the name of the user.
    var policies: [String: String] = [:]
    var gone: Set<String> = []

    var revision: UInt64 { 0 }

    func policies(of principal: Principal) -> PrincipalPolicies? {
        guard case .user(let user, _) = principal, !self.gone.contains(user.name) else { return nil }
        return PrincipalPolicies(identity: self.policies[user.name].map { [.init(name: "own", json: $0)] } ?? [])
    }

    func role(arn: String) -> AssumableRole? { nil }
    func managedPolicy(arn: String) -> String? { nil }
    func webIdentityProvider(issuer: String, account: String) -> WebIdentityProvider? { nil }

    func uniqueID(arn: String) -> String? {
        guard let name = arn.split(separator: ":user/").last, arn.contains(":user/"), name != "nobody",
            !self.gone.contains(String(name))
        else { return nil }
        return KeyManagerFixture.userID(String(name))
    }

    func arn(uniqueID: String) -> String? {
        let isGone = self.gone.contains { KeyManagerFixture.userID($0) == uniqueID }
        return isGone ? nil : "arn:aws:iam::111111111111:user/x"
    }
}

/// KMS of one region over a store in memory.
struct KeyManagerFixture: Sendable {
    static let region = RegionName.usEast1
    static let alice = Account(
        id: AccountID(trusted: "111111111111"), canonicalID: String(repeating: "a", count: 64), displayName: "alice",
        email: "alice@example.com")
    static let bob = Account(
        id: AccountID(trusted: "222222222222"), canonicalID: String(repeating: "b", count: 64), displayName: "bob",
        email: "bob@example.com")

    let metadata = MemoryMetadataStore()
    let clock = ManualClock()
    let rootKey: AESRootKey
    private(set) var keys: KeyManager

    init(
        principals: TestPrincipals = TestPrincipals(), limits: KeyManager.Limits = .init(), region: RegionName = region
    ) async throws {
        self.rootKey = try #require(AESRootKey(bytes: [UInt8](0..<32)))
        self.keys = try await Self.open(self.metadata, self.clock, self.rootKey, principals, limits, region: region)
    }

    static func open(
        _ metadata: any MetadataStore, _ clock: ManualClock, _ rootKey: AESRootKey,
        _ principals: TestPrincipals = TestPrincipals(), _ limits: KeyManager.Limits = .init(),
        region: RegionName = region
    ) async throws -> KeyManager {
        let accounts = [Self.alice, Self.bob].map {
            ConfiguredAccount(
                id: $0.id, accessKey: "AK\($0.id)", secretKey: "secretsecret", displayName: $0.displayName,
                email: $0.email)
        }
        return try await KeyManager.open(
            region: region, rootKey: rootKey, metadata: metadata,
            authorizer: PolicyAuthorizer(directory: principals, clock: clock),
            identities: try StaticIdentityStore(accounts), principals: principals, wall: clock, limits: limits,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The same region after a restart.
    mutating func restart(principals: TestPrincipals = TestPrincipals()) async throws {
        self.keys = try await Self.open(self.metadata, self.clock, self.rootKey, principals)
    }

    static func root(_ account: Account = alice) -> KeyCaller {
        KeyCaller(principal: .root(account), account: account.id)
    }

    static func userID(_ name: String) -> String {
        let id = "AIDA" + name.uppercased()
        return id + String(repeating: "0", count: 21 - id.count)
    }

    static func user(_ name: String, _ account: Account = alice) -> KeyCaller {
        let user = UserIdentity(account: account, name: name, path: "/", id: Self.userID(name))
        return KeyCaller(principal: .user(user), account: account.id)
    }

    func key(_ new: NewKey = NewKey(), _ caller: KeyCaller = root()) async throws -> KeyRecord {
        try await self.keys.createKey(new, caller)
    }

    /// The code of the error that an operation ends in; empty for none.
    static func code(_ body: () async throws -> Void) async -> String { await self.error(body)?.code ?? "" }

    static func error(_ body: () async throws -> Void) async -> KeyServiceError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? KeyServiceError ?? KeyServiceError(code: "\(error)", message: "")
        }
    }
}
