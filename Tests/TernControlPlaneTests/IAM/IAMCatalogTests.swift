import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernTestSupport
import Testing

@Suite("IAM: the catalog")
struct IAMCatalogTests {
    @Test("ACC-5: IDs have their prefix and 17 characters, and access keys 20 in all")
    func identifiers() async throws {
        let fixture = try await IAMFixture()
        for prefix in ["AIDA", "AROA", "AGPA", "ANPA"] {
            let id = fixture.catalog.makeID(prefix)
            #expect(id.utf8.count == 21 && id.hasPrefix(prefix))
            let isPlain = id.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
            #expect(isPlain)
        }
        let made = try fixture.catalog.makeAccessKey()
        #expect(made.key.id.utf8.count == 20 && made.key.id.hasPrefix("AKIA"))
        #expect(made.secret.utf8.count == 40)
    }

    @Test("ACC-8: secrets of access keys lie sealed in the rows, and open with the root key only")
    func secretsAreSealed() async throws {
        let fixture = try await IAMFixture()
        let user = try await fixture.makeUser("ann")
        let key = try await fixture.makeKey(of: "ann")
        for row in try await fixture.log.rows(prefix: []) {
            #expect(!String(decoding: row.value, as: UTF8.self).contains(key.secret))
        }
        let found = try #require(fixture.catalog.accessKey(key.id))
        #expect(found.secret == key.secret)
        #expect(found.principal == fixture.principal(user))

        let restarted = try await IAMFixture(log: fixture.log)
        #expect(restarted.catalog.accessKey(key.id)?.secret == key.secret)
        let other = try await IAMFixture(
            log: fixture.log, rootKey: AESRootKey(text: String(repeating: "02", count: 32).utf8))
        #expect(other.catalog.accessKey(key.id) == nil)
        let without = try await IAMFixture(log: fixture.log, rootKey: nil)
        #expect(without.catalog.accessKey(key.id) == nil)
        #expect(throws: IAMError.self) { try without.catalog.makeAccessKey() }
    }

    @Test("IAM-24: an inactive key and one of a user that is gone are none")
    func inactiveKeys() async throws {
        let fixture = try await IAMFixture()
        try await fixture.makeUser("ann")
        let key = try await fixture.makeKey(of: "ann")
        for isActive in [false, true] {
            try await fixture.catalog.change { state throws(IAMError) in
                try state.updateAccessKey(key.id, isActive: isActive, ofUser: "ANN", in: IAMFixture.account)
            }
            #expect((fixture.catalog.accessKey(key.id) != nil) == isActive)
        }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.deleteAccessKey(key.id, ofUser: "ann", in: IAMFixture.account)
        }
        #expect(fixture.catalog.accessKey(key.id) == nil)
    }

    @Test("ACC-9: a following region has what its rows have, whatever order they are read in")
    func following() async throws {
        let home = try await IAMFixture()
        let follower = try await IAMFixture(log: home.log)
        let ann = try await home.makeUser("ann")
        // The name goes to another user: both rows change.
        try await home.catalog.change { state throws(IAMError) in
            try state.updateUser("ann", in: IAMFixture.account, newName: "old", newPath: nil)
        }
        let second = try await home.makeUser("ann")
        #expect(follower.catalog.state.users.named("ann", in: IAMFixture.account) == nil)
        let revision = follower.catalog.revision
        let keys = try await home.log.rows(prefix: []).map(\.key)
        try await follower.catalog.refresh(keys.reversed())
        #expect(follower.catalog.revision > revision)
        #expect(follower.catalog.state.users.named("ann", in: IAMFixture.account)?.id == second.id)
        #expect(follower.catalog.state.users.named("old", in: IAMFixture.account)?.id == ann.id)

        try await home.catalog.change { state throws(IAMError) in
            try state.deleteUser("ann", in: IAMFixture.account)
        }
        try await follower.catalog.refresh(keys)
        #expect(follower.catalog.state.users.named("ann", in: IAMFixture.account) == nil)
        // Rows of others are none of its business.
        let before = follower.catalog.revision
        try await follower.catalog.refresh([Array("kms".utf8)])
        #expect(follower.catalog.revision == before)
    }

    @Test("Two writers on one log: the second sees the first one's change before it makes its own")
    func twoWriters() async throws {
        let first = try await IAMFixture(seed: 1)
        let second = try await IAMFixture(log: first.log, seed: 2)
        try await first.makeUser("ann")
        await #expect(throws: IAMError.self) { try await second.makeUser("Ann") }
        try await second.makeUser("ben")
        try await first.makeUser("cem")
        let names = try await IAMFixture(log: first.log).catalog.state.users.all(in: IAMFixture.account).map(\.name)
        #expect(names == ["ann", "ben", "cem"])
    }

    @Test("Many changes at the same time are all made")
    func concurrency() async throws {
        let fixture = try await IAMFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 { group.addTask { try await fixture.makeUser("user\(number)") } }
            try await group.waitForAll()
        }
        #expect(fixture.catalog.state.users.count(in: IAMFixture.account) == 40)
        #expect(try await IAMFixture(log: fixture.log).catalog.state.users.count(in: IAMFixture.account) == 40)
    }

    @Test(
        "EVL-2: a user's policies are its inline ones, those attached, and those of its groups; a boundary stands apart"
    )
    func policiesOfAUser() async throws {
        let fixture = try await IAMFixture()
        let user = try await fixture.makeUser("ann")
        let policy = try await fixture.makePolicy("own", IAMFixture.allow("s3:List*"))
        var group = IAMGroupRecord()
        group.id = fixture.catalog.makeID("AGPA")
        group.account = IAMFixture.account
        group.name = "staff"
        group.path = "/"
        let made = group
        let account = IAMFixture.account
        _ = try await fixture.catalog.change { state throws(IAMError) in try state.createGroup(made) }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.addUser("ann", toGroup: "staff", in: account)
        }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.putPolicy(
                "g", document: IAMFixture.allow("s3:Get*"), of: "staff", IAMGroupRecord.self, in: account)
        }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.putPolicy("u", document: IAMFixture.allow("s3:Put*"), of: "ann", IAMUserRecord.self, in: account)
        }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.attachPolicy(policy.arn, to: "ann", IAMUserRecord.self, in: account)
        }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.setBoundary("arn:aws:iam::aws:policy/ReadOnlyAccess", of: "ann", IAMUserRecord.self, in: account)
        }
        let found = try #require(fixture.catalog.policies(of: fixture.principal(user)))
        #expect(found.identity.map(\.name) == ["u", policy.arn, "g"])
        #expect(found.boundary?.name == "arn:aws:iam::aws:policy/ReadOnlyAccess")
        #expect(fixture.catalog.managedPolicy(arn: policy.arn) == IAMFixture.allow("s3:List*"))
    }

    @Test("ACC-5: a user of the same name is another principal")
    func sameName() async throws {
        let fixture = try await IAMFixture()
        let first = try await fixture.makeUser("ann")
        try await fixture.catalog.change { state throws(IAMError) in
            try state.deleteUser("ann", in: IAMFixture.account)
        }
        let second = try await fixture.makeUser("ann")
        #expect(fixture.catalog.policies(of: fixture.principal(first)) == nil)
        #expect(fixture.catalog.policies(of: fixture.principal(second)) != nil)
        #expect(fixture.catalog.arn(uniqueID: first.id) == nil)
        #expect(fixture.catalog.uniqueID(arn: second.arn) == second.id)
    }

    @Test("IAM-26: trust policies are judged by unique IDs, and shown as written while whom they name lives")
    func trustPolicies() async throws {
        let fixture = try await IAMFixture()
        let user = try await fixture.makeUser("ann")
        let text = IAMFixture.trust(user.arn)
        let role = try await fixture.makeRole("r", trust: text)
        #expect(fixture.catalog.state.shownTrustPolicy(of: role) == text)
        let bound = try #require(fixture.catalog.role(arn: role.arn)).trustPolicy
        #expect(bound.contains("{\"AWS\":\"\(user.id)\"}"))
        // A new name is shown, and means the same user.
        try await fixture.catalog.change { state throws(IAMError) in
            try state.updateUser("ann", in: IAMFixture.account, newName: "eve", newPath: "/x/")
        }
        #expect(
            fixture.catalog.state.shownTrustPolicy(of: role)
                .contains("{\"AWS\":\"arn:aws:iam::111111111111:user/x/eve\"}"))
        try await fixture.catalog.change { state throws(IAMError) in
            try state.deleteUser("eve", in: IAMFixture.account)
        }
        try await fixture.makeUser("ann")
        #expect(fixture.catalog.state.shownTrustPolicy(of: role).contains("{\"AWS\":\"\(user.id)\"}"))
        #expect(fixture.catalog.role(arn: role.arn)?.trustPolicy == bound)
    }

    @Test(
        "IAM-26: principals of trust policies must exist",
        arguments: [
            "arn:aws:iam::111111111111:user/nobody", "arn:aws:iam::111111111111:role/nobody",
            "arn:aws:iam::999999999999:root", "AIDAAAAAAAAAAAAAAAAAA",
        ])
    func unknownPrincipals(_ arn: String) async throws {
        let fixture = try await IAMFixture()
        await #expect(
            throws: IAMError(
                code: "MalformedPolicyDocument", status: 400,
                message: "Invalid principal in policy: \"AWS\":\"\(arn)\"")
        ) { try await fixture.makeRole("r", trust: IAMFixture.trust(arn)) }
        #expect(fixture.catalog.role(arn: "arn:aws:iam::111111111111:role/r") == nil)
    }

    @Test("ACC-1: accounts have 12 digits, a canonical ID, and an email of their own; their root key works")
    func accounts() async throws {
        let fixture = try await IAMFixture()
        let made = try fixture.catalog.makeAccessKey()
        var record = AccountRecord()
        record.id = "333333333333"
        record.canonicalID = fixture.catalog.makeCanonicalID()
        record.displayName = "carol"
        record.email = "carol@tern.example"
        record.accessKeys = [made.key]
        let wanted = record
        let account = try await fixture.catalog.change { state throws(IAMError) in try state.createAccount(wanted) }
        #expect(fixture.catalog.accessKey(made.key.id)?.principal == .root(account))
        #expect(fixture.catalog.state.accounts.map(\.displayName) == ["alice", "bob", "carol"])
        #expect(fixture.catalog.state.account(canonicalID: record.canonicalID) == account)
        for change in ["id", "email"] {
            var other = record
            if change == "id" { other.email = "x@tern.example" } else { other.id = "444444444444" }
            let refused = other
            await #expect(throws: IAMError.self) {
                try await fixture.catalog.change { state throws(IAMError) in try state.createAccount(refused) }
            }
        }
        try await fixture.makeUser("u", in: "333333333333")
        #expect(fixture.catalog.uniqueID(arn: "arn:aws:iam::333333333333:user/u") != nil)
    }

    @Test("Aliases are an account's own, and one at a time")
    func aliases() async throws {
        let fixture = try await IAMFixture()
        try await fixture.catalog.change { state throws(IAMError) in try state.setAlias("alice-1", of: "111111111111") }
        await #expect(throws: IAMError.self) {
            try await fixture.catalog.change { state throws(IAMError) in
                try state.setAlias("alice-1", of: "222222222222")
            }
        }
        #expect(fixture.catalog.state.alias(of: "111111111111") == "alice-1")
        #expect(fixture.catalog.state.accounts.count == 2)
        for bad in ["ab", "-abc", "abc-", "a--b", "Abc", String(repeating: "a", count: 64)] {
            await #expect(throws: IAMError.self) {
                try await fixture.catalog.change { state throws(IAMError) in
                    try state.setAlias(bad, of: "222222222222")
                }
            }
        }
    }

    @Test("IAM-25: every policy of AWS can be read and has its own ID")
    func managedPolicies() async throws {
        let fixture = try await IAMFixture()
        let user = try await fixture.makeUser("ann")
        for policy in AWSManagedPolicies.all.prefix(10) {
            try await fixture.catalog.change { state throws(IAMError) in
                try state.attachPolicy(policy.arn, to: "ann", IAMUserRecord.self, in: IAMFixture.account)
            }
        }
        #expect(AWSManagedPolicies.all.count == 10)
        #expect(Set(AWSManagedPolicies.all.map(\.id)).count == 10)
        let authorizer = PolicyAuthorizer(directory: fixture.catalog, clock: ManualClock())
        let decision = await authorizer.authorize(
            AuthorizationRequest(
                principal: fixture.principal(user), action: "s3:PutObject", resource: "arn:aws:s3:::b/k",
                resourceOwner: IAMFixture.alice.id))
        #expect(decision == .allowed)
    }
}
