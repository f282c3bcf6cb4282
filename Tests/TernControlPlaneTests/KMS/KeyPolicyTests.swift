import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import Testing

@Suite("Policies, aliases, tags and grants of keys")
struct KeyPolicyTests {
    private typealias Fixture = KeyManagerFixture

    private static func policy(_ statements: String...) -> String {
        "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
    }

    private static func allow(_ principal: String, _ action: String, condition: String = "{}") -> String {
        """
        {"Effect":"Allow","Principal":{"AWS":"\(principal)"},"Action":"\(action)","Resource":"*","Condition":\(condition)}
        """
    }

    private static let own = allow("arn:aws:iam::111111111111:root", "kms:*")

    private func key(_ region: KeyManagerFixture, _ statements: String...) async throws -> KeyRecord {
        var new = NewKey()
        new.policy = "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
        new.bypassesLockoutCheck = true
        return try await region.key(new)
    }

    @Test("KMS-3: even the root is limited by the key policy")
    func root() async throws {
        let region = try await Fixture()
        let key = try await self.key(region, Self.allow("arn:aws:iam::111111111111:root", "kms:DescribeKey"))
        _ = try await region.keys.describeKey(key.id, Fixture.root())
        let error = await Fixture.error {
            _ = try await region.keys.encrypt([1], under: key.id, context: [:], Fixture.root())
        }
        #expect(
            error
                == KeyServiceError(
                    code: "AccessDeniedException",
                    message:
                        "User: arn:aws:iam::111111111111:root is not authorized to perform: kms:Encrypt on resource: "
                        + "\(region.keys.arn(of: key)) because no resource-based policy allows the kms:Encrypt action"))
    }

    @Test("KMS-3: a policy that names the principal is enough in the same account; another's needs both sides")
    func principals() async throws {
        let region = try await Fixture()
        let key = try await self.key(
            region, Self.own, Self.allow("arn:aws:iam::111111111111:user/named", "kms:Encrypt"),
            Self.allow("arn:aws:iam::222222222222:root", "kms:Encrypt"))
        let arn = region.keys.arn(of: key)
        func code(_ caller: KeyCaller) async -> String {
            await Fixture.code { _ = try await region.keys.encrypt([1], under: arn, context: [:], caller) }
        }
        #expect(await code(Fixture.user("named")) == "")
        #expect(await code(Fixture.user("other")) == "AccessDeniedException")
        #expect(await code(Fixture.root(Fixture.bob)) == "")
        #expect(await code(Fixture.user("named", Fixture.bob)) == "AccessDeniedException")
    }

    @Test("KMS-3: identity policies count only where the key policy hands over to the account")
    func delegation() async throws {
        let allows = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#
        let region = try await Fixture(principals: TestPrincipals(policies: ["admin": allows]))
        let open = try await self.key(region, Self.own)
        let closed = try await self.key(region, Self.allow("arn:aws:iam::111111111111:user/named", "kms:*"))
        func code(_ key: KeyRecord, _ caller: KeyCaller) async -> String {
            await Fixture.code {
                _ = try await region.keys.encrypt([1], under: region.keys.arn(of: key), context: [:], caller)
            }
        }
        #expect(await code(open, Fixture.user("admin")) == "")
        #expect(await code(open, Fixture.user("other")) == "AccessDeniedException")
        #expect(await code(closed, Fixture.user("admin")) == "AccessDeniedException")
        #expect(await code(open, Fixture.user("admin", Fixture.bob)) == "AccessDeniedException")
        // What concerns no key, identity policies alone decide.
        _ = try await region.keys.listKeys(.init(limit: 1, marker: nil), Fixture.user("admin"))
        #expect(
            await Fixture.code {
                _ = try await region.keys.listKeys(.init(limit: 1, marker: nil), Fixture.user("other"))
            }
                == "AccessDeniedException")
        #expect(
            await Fixture.code { _ = try await region.key(NewKey(), Fixture.user("other")) } == "AccessDeniedException")
    }

    @Test("IAM-26: users that a policy names must be there, and one that is made anew under the name is another")
    func bindings() async throws {
        var region = try await Fixture()
        let statement = Self.allow("arn:aws:iam::111111111111:user/mallory", "kms:Encrypt")
        let key = try await self.key(region, Self.own, statement)
        try await region.restart(principals: TestPrincipals(gone: ["mallory"]))
        let shown = try await region.keys.keyPolicy(key.id, Fixture.root())
        #expect(shown.contains("\"\(Fixture.userID("mallory"))\""))
        #expect(!shown.contains("user/mallory"))
        let second = UserIdentity(account: Fixture.alice, name: "mallory", path: "/", id: Fixture.userID("SECOND"))
        let caller = KeyCaller(principal: .user(second), account: Fixture.alice.id)
        try await region.restart()
        #expect(
            await Fixture.code { _ = try await region.keys.encrypt([1], under: key.id, context: [:], caller) }
                == "AccessDeniedException")
        var new = NewKey()
        new.policy = Self.policy(Self.own, Self.allow("arn:aws:iam::111111111111:user/nobody", "kms:Encrypt"))
        let error = await Fixture.error { _ = try await region.key(new) }
        #expect(error?.message == "Policy contains a statement with one or more invalid principals.")
        // Accounts of elsewhere are believed.
        new.policy = Self.policy(Self.own, Self.allow("arn:aws:iam::999999999999:user/nobody", "kms:Encrypt"))
        _ = try await region.key(new)
    }

    @Test(
        "KMS-5: conditions see the encryption context, the alias of the request, the service and the caller's account")
    func conditions() async throws {
        let region = try await Fixture()
        let key = try await self.key(
            region, Self.own,
            Self.allow(
                "arn:aws:iam::111111111111:user/u", "kms:Encrypt",
                condition: #"{"StringEquals":{"kms:EncryptionContext:team":"red","kms:RequestAlias":"alias/one"}}"#),
            Self.allow(
                "arn:aws:iam::111111111111:user/u", "kms:Decrypt",
                condition: #"{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}"#),
            Self.allow(
                "arn:aws:iam::111111111111:user/u", "kms:GenerateDataKey",
                condition: #"""
                    {"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/one"},
                    "ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["team"]},
                    "Null":{"kms:EncryptionContextKeys":"false"},
                    "StringEquals":{"kms:CallerAccount":"111111111111","kms:KeyOrigin":"AWS_KMS"},
                    "Bool":{"kms:MultiRegion":"false"}}
                    """#))
        var user = Fixture.user("u")
        try await region.keys.createAlias("alias/one", target: key.id, Fixture.root())
        func encrypt(_ id: String, _ context: [String: String]) async -> Bool {
            await Fixture.code { _ = try await region.keys.encrypt([1], under: id, context: context, user) }.isEmpty
        }
        #expect(await encrypt("alias/one", ["team": "red"]))
        #expect(await !encrypt("alias/one", ["team": "blue"]))
        #expect(await !encrypt("alias/one", [:]))
        #expect(await !encrypt(key.id, ["team": "red"]))
        let caller = user
        func generate(_ context: [String: String]) async -> Bool {
            await Fixture.code {
                _ = try await region.keys.generateDataKey(32, under: key.id, context: context, caller)
            }
            .isEmpty
        }
        #expect(await generate(["team": "x"]))
        #expect(await !generate(["team": "x", "other": "y"]))
        #expect(await !generate([:]))
        let sealed = try await region.keys.encrypt([1], under: key.id, context: [:], Fixture.root())
        #expect(
            await Fixture.code { _ = try await region.keys.decrypt(sealed.bytes, under: nil, context: [:], user) }
                == "AccessDeniedException")
        user.viaService = "s3.us-east-1.amazonaws.com"
        #expect(try await region.keys.decrypt(sealed.bytes, under: nil, context: [:], user).bytes == [1])
    }

    @Test("KMS-4: a policy must keep the caller able to change it, unless the check is bypassed")
    func lockout() async throws {
        let region = try await Fixture()
        let key = try await region.key()
        let closed = Self.policy(Self.allow("arn:aws:iam::222222222222:root", "kms:*"))
        let error = await Fixture.error {
            try await region.keys.putKeyPolicy(key.id, closed, bypassesLockoutCheck: false, Fixture.root())
        }
        #expect(
            error
                == KeyServiceError(
                    code: "MalformedPolicyDocumentException",
                    message: "The new key policy will not allow you to update the key policy in the future."))
        var new = NewKey()
        new.policy = closed
        #expect(await Fixture.code { _ = try await region.key(new) } == "MalformedPolicyDocumentException")
        try await region.keys.putKeyPolicy(key.id, closed, bypassesLockoutCheck: true, Fixture.root())
        #expect(
            await Fixture.code { _ = try await region.keys.keyPolicy(key.id, Fixture.root()) }
                == "AccessDeniedException")
    }

    @Test(
        "A text that is no key policy is refused",
        arguments: [
            ("nonsense", "MalformedPolicyDocumentException"),
            (#"{"Version":"2012-10-17","Statement":[]}"#, "MalformedPolicyDocumentException"),
            (
                #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#,
                "MalformedPolicyDocumentException"
            ),
            (
                #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"nobody"},"Action":"kms:*","Resource":"*"}]}"#,
                "MalformedPolicyDocumentException"
            ),
            (String(repeating: " ", count: 40_000), "LimitExceededException"),
        ])
    func malformed(_ text: String, _ code: String) async throws {
        let region = try await Fixture()
        var new = NewKey()
        new.policy = text
        let request = new
        #expect(await Fixture.code { _ = try await region.key(request) } == code)
    }

    @Test("KMS-7: aliases have their prefix, are unique in the account, and go from key to key")
    func aliases() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let (one, other) = (try await region.key(), try await region.key())
        for (name, code) in [
            ("one", "ValidationException"), ("alias/", "ValidationException"),
            ("alias/aws/x", "NotAuthorizedException"), ("alias/a b", "ValidationException"),
            ("alias/a:b", "InvalidAliasNameException"),
        ] {
            #expect(
                await Fixture.code { try await region.keys.createAlias(name, target: one.id, root) } == code, "\(name)")
        }
        try await region.keys.createAlias("alias/x", target: one.id, root)
        let twice = await Fixture.error { try await region.keys.createAlias("alias/x", target: other.id, root) }
        #expect(
            twice
                == KeyServiceError(
                    code: "AlreadyExistsException",
                    message: "An alias with the name arn:aws:kms:us-east-1:111111111111:alias/x already exists"))
        #expect(
            await Fixture.code { try await region.keys.createAlias("alias/y", target: "alias/x", root) }
                == "ValidationException")
        let page = KeyPageRequest(limit: 10, marker: nil)
        #expect(try await region.keys.listAliases(of: one.id, page, root).items.map(\.name) == ["alias/x"])
        try await region.keys.updateAlias("alias/x", target: other.id, root)
        #expect(try await region.keys.listAliases(of: one.id, page, root).items.isEmpty)
        #expect(try await region.keys.describeKey("alias/x", root).id == other.id)
        // The same name in another account is another alias.
        let bobs = try await region.key(NewKey(), Fixture.root(Fixture.bob))
        try await region.keys.createAlias("alias/x", target: bobs.id, Fixture.root(Fixture.bob))
        try await region.keys.deleteAlias("alias/x", root)
        #expect(await Fixture.code { try await region.keys.deleteAlias("alias/x", root) } == "NotFoundException")
        #expect(try await region.keys.describeKey("alias/x", Fixture.root(Fixture.bob)).id == bobs.id)
    }

    @Test("Listings come in pages, in order and without gaps; a marker of one's own making is refused")
    func pages() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        let names = (0..<7).map { "alias/n\($0)" }
        for name in names { try await region.keys.createAlias(name, target: key.id, root) }
        var found: [String] = []
        var marker: String?
        repeat {
            let page = try await region.keys.listAliases(of: nil, .init(limit: 3, marker: marker), root)
            found += page.items.map(\.name)
            marker = page.nextMarker
        } while marker != nil
        #expect(found == names)
        #expect(
            await Fixture.code {
                _ = try await region.keys.listAliases(of: nil, .init(limit: 3, marker: "?"), root)
            } == "InvalidMarkerException")
    }

    @Test("KMS-7: tags are unique, not of aws:, and at most 50")
    func tags() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        func error(_ tags: [TernCore.Tag]) async -> String? {
            await Fixture.error { try await region.keys.tag(key.id, tags, root) }?.message
        }
        #expect(
            await error([TernCore.Tag(key: "a", value: "1"), TernCore.Tag(key: "a", value: "2")])
                == "Duplicate tag keys")
        #expect(await error([TernCore.Tag(key: "aws:x", value: "1")]) == "Tags beginning with aws: are reserved")
        #expect(await error((0..<51).map { TernCore.Tag(key: "k\($0)", value: "") }) == "Too many tags")
        #expect(await error((0..<50).map { TernCore.Tag(key: "k\($0)", value: "") }) == nil)
        #expect(await error([TernCore.Tag(key: "more", value: "")]) == "Too many tags")
        #expect(await error([TernCore.Tag(key: "k1", value: "new")]) == nil)
        try await region.keys.untag(key.id, keys: (2..<50).map { "k\($0)" }, root)
        let page = try await region.keys.tags(key.id, .init(limit: 10, marker: nil), root)
        #expect(page.items == [TernCore.Tag(key: "k0", value: ""), TernCore.Tag(key: "k1", value: "new")])
    }

    @Test("A grant gives its operations under its constraints, until it is revoked or retired")
    func grants() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let key = try await region.key()
        let user = Fixture.user("u")
        func encrypts(_ context: [String: String]) async -> Bool {
            await Fixture.code { _ = try await region.keys.encrypt([1], under: key.id, context: context, user) }.isEmpty
        }
        #expect(await !encrypts(["a": "1"]))
        var new = NewGrant(grantee: "arn:aws:iam::111111111111:user/u", operations: ["Encrypt", "RetireGrant"])
        new.contextSubset = ["a": "1"]
        new.name = "mine"
        let grant = try await region.keys.createGrant(new, on: key.id, root)
        #expect(await encrypts(["a": "1", "b": "2"]))
        #expect(await !encrypts(["b": "2"]))
        #expect(
            await Fixture.code { _ = try await region.keys.decrypt([1], under: nil, context: [:], user) } != "")
        // The same again is the same grant.
        #expect(try await region.keys.createGrant(new, on: key.id, root).id == grant.id)
        let token = region.keys.token(of: grant)
        try region.keys.check(grantTokens: [token])
        var bytes = try #require(Base64.decode(token))
        bytes[bytes.count - 1] ^= 1
        let forged = Base64.encode(bytes)
        #expect(throws: KeyServiceError.self) { try region.keys.check(grantTokens: [forged]) }
        try await region.keys.retireGrant(token: token, key: nil, grantID: nil, user)
        #expect(await !encrypts(["a": "1"]))
        let again = try await region.keys.createGrant(new, on: key.id, root)
        #expect(await Fixture.code { try await region.keys.revokeGrant(again.id, of: key.id, user) } != "")
        try await region.keys.revokeGrant(again.id, of: key.id, root)
        #expect(await !encrypts(["a": "1"]))
        #expect(
            await Fixture.code { try await region.keys.revokeGrant(again.id, of: key.id, root) } == "NotFoundException")
    }

    @Test("Who may make grants by a grant gives no more than it has; a denial in the policy goes before grants")
    func grantsOfGrants() async throws {
        let region = try await Fixture()
        let root = Fixture.root()
        let key = try await self.key(
            region, Self.own,
            #"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111111111111:user/denied"},"Action":"kms:Encrypt","Resource":"*"}"#
        )
        let user = Fixture.user("u")
        var parent = NewGrant(
            grantee: "arn:aws:iam::111111111111:user/u", operations: ["Encrypt", "CreateGrant"])
        parent.contextEquality = ["a": "1"]
        _ = try await region.keys.createGrant(parent, on: key.id, root)
        var child = NewGrant(grantee: "arn:aws:iam::111111111111:user/v", operations: ["Encrypt"])
        func code(_ new: NewGrant) async -> String {
            await Fixture.code { _ = try await region.keys.createGrant(new, on: key.id, user) }
        }
        #expect(await code(child) == "AccessDeniedException")
        child.contextEquality = ["a": "1"]
        #expect(await code(child) == "")
        child.operations = ["Decrypt"]
        #expect(await code(child) == "AccessDeniedException")
        let denied = NewGrant(grantee: "arn:aws:iam::111111111111:user/denied", operations: ["Encrypt"])
        _ = try await region.keys.createGrant(denied, on: key.id, root)
        #expect(
            await Fixture.code {
                _ = try await region.keys.encrypt([1], under: key.id, context: [:], Fixture.user("denied"))
            } == "AccessDeniedException")
    }
}
