import Synchronization
import TernCore
import TernPorts
import TernTestSupport
import Testing

@testable import TernControlPlane

/// Roles that come and go; each change makes another revision.
private final class Roles: PrincipalDirectory {
    private let state = Mutex<(roles: [String: AssumableRole], revision: UInt64, asked: Int)>(([:], 0, 0))

    func set(_ name: String, id: String = "AROA1", to isThere: Bool = true) {
        let identity = RoleIdentity(account: KeyManagerFixture.alice, name: name, path: "/", id: id)
        let role = AssumableRole(
            identity: identity,
            trustPolicy: #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#,
            maximumSessionSeconds: 3600)
        self.state.withLock { state in
            state.roles[identity.arn] = isThere ? role : nil
            state.revision += 1
        }
    }

    /// As when a policy changes.
    func changeSomething() { self.state.withLock { $0.revision += 1 } }

    /// How often somebody has asked for a role.
    var asked: Int { self.state.withLock { $0.asked } }

    var revision: UInt64 { self.state.withLock { $0.revision } }

    func role(arn: String) -> AssumableRole? {
        self.state.withLock { state in
            state.asked += 1
            return state.roles[arn]
        }
    }

    func policies(of principal: Principal) -> PrincipalPolicies? { nil }
    func managedPolicy(arn: String) -> String? { nil }
    func webIdentityProvider(issuer: String, account: String) -> WebIdentityProvider? { nil }
    func uniqueID(arn: String) -> String? { nil }
    func arn(uniqueID: String) -> String? { nil }
}

/// Lets in whoever comes from the account that it trusts.
private final class Door: Authorizer {
    private let state = Mutex<(trusted: String, asked: Int)>((KeyManagerFixture.alice.id.description, 0))

    func trust(_ account: AccountID) { self.state.withLock { $0.trusted = account.description } }

    var asked: Int { self.state.withLock { $0.asked } }

    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision {
        let account = request.context()["aws:SourceAccount"]?.first
        return self.state.withLock { state in
            state.asked += 1
            return account == state.trusted ? .allowed : .denied(AccessDenial())
        }
    }

    func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool { false }
}

@Suite("Roles of the server (STS-7): what is remembered of them")
struct ServiceRolesTests {
    private let directory = Roles()
    private let door = Door()
    private let clock = ManualClock()
    private let roles: ServiceRoles

    init() {
        self.directory.set("replication")
        self.roles = ServiceRoles(directory: self.directory, authorizer: self.door, clock: self.clock)
    }

    private func assume(
        _ name: String = "replication", from bucket: String = "src", of account: Account = KeyManagerFixture.alice,
        by service: String = "s3.amazonaws.com"
    ) async -> Principal? {
        await self.roles.assume(
            role: "arn:aws:iam::111111111111:role/\(name)", by: service, sourceARN: "arn:aws:s3:::\(bucket)",
            sourceAccount: account.id)
    }

    private func roleID(_ principal: Principal?) -> String? {
        guard case .role(let role, _) = principal else { return nil }
        return role.id
    }

    @Test("What is asked again is answered without another decision, also where it was refused")
    func hits() async {
        let first = await self.assume()
        #expect(first != nil && self.door.asked == 1)
        #expect(await self.assume() == first)
        #expect(self.door.asked == 1)
        self.door.trust(KeyManagerFixture.bob.id)
        self.directory.changeSomething()
        #expect(await self.assume() == nil)
        #expect(await self.assume() == nil)
        #expect(self.door.asked == 2)
    }

    @Test("Another role, bucket or service, or another account that has the bucket now, is another question")
    func questions() async {
        self.directory.set("other")
        #expect(await self.assume() != nil)
        #expect(await self.assume("other") != nil)
        #expect(await self.assume(from: "dst") != nil)
        #expect(await self.assume(by: "batchoperations.s3.amazonaws.com") != nil)
        #expect(self.door.asked == 4)
        #expect(await self.assume(of: KeyManagerFixture.bob) == nil)
        #expect(self.door.asked == 5)
    }

    @Test("After a minute it is decided anew: a trust policy may look at the time")
    func expiry() async {
        #expect(await self.assume() != nil)
        self.door.trust(KeyManagerFixture.bob.id)
        self.clock.advance(by: .milliseconds(59_999))
        #expect(await self.assume() != nil)
        self.clock.advance(by: .milliseconds(1))
        #expect(await self.assume() == nil)
        #expect(self.door.asked == 2)
    }

    @Test("After a change of a role or policy it is decided anew, at once")
    func invalidation() async {
        #expect(await self.roleID(self.assume()) == "AROA1")
        self.door.trust(KeyManagerFixture.bob.id)
        self.directory.changeSomething()
        #expect(await self.assume() == nil)
        self.door.trust(KeyManagerFixture.alice.id)
        self.directory.set("replication", to: false)
        #expect(await self.assume() == nil)
        self.directory.set("replication", id: "AROA2")
        #expect(await self.roleID(self.assume()) == "AROA2")
    }

    @Test("Sessions without a decision: the role is remembered until IAM changes")
    func sessions() async {
        let arn = "arn:aws:iam::111111111111:role/replication"
        #expect(await self.roleID(self.roles.session(ofRole: arn)) == "AROA1")
        #expect(await self.roleID(self.roles.session(ofRole: arn)) == "AROA1")
        #expect(self.directory.asked == 1)
        self.directory.set("replication", id: "AROA2")
        #expect(await self.roleID(self.roles.session(ofRole: arn)) == "AROA2")
        self.directory.set("replication", to: false)
        #expect(await self.roles.session(ofRole: arn) == nil)
        #expect(self.door.asked == 0)
    }

    @Test("Invariant 8: however many ask, few answers are remembered, and they are right")
    func bounded() async {
        var largest = 0
        for number in 0..<5000 {
            let isTrusted = number.isMultiple(of: 2)
            let principal = await self.assume(
                from: "b\(number)", of: isTrusted ? KeyManagerFixture.alice : KeyManagerFixture.bob)
            #expect((principal != nil) == isTrusted)
            largest = max(largest, self.roles.answerCount)
        }
        #expect(largest > 1000 && largest <= 4096)
        #expect(await self.assume(from: "b0") != nil)
    }
}
