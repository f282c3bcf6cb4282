import TernControlPlane
import TernRecords
import Testing

@Suite("IAM: limits and names")
struct IAMLimitTests {
    private static let account = IAMFixture.account

    private static func put(_ name: String, _ document: String, in fixture: IAMFixture) async throws(IAMError) {
        try await fixture.catalog.change { state throws(IAMError) in
            try state.putPolicy(name, document: document, of: "ann", IAMUserRecord.self, in: Self.account)
        }
    }

    @Test("IAM-22: white space does not count, but what is stored has a bound")
    func whiteSpace() async throws {
        let fixture = try await IAMFixture()
        try await fixture.makeUser("ann")
        let document = IAMFixture.allow("s3:Get*") + String(repeating: " ", count: 100_000)
        try await Self.put("a", document, in: fixture)
        try await Self.put("b", document, in: fixture)
        await #expect(throws: IAMError.self) { try await Self.put("c", document, in: fixture) }
        // The same name again takes the place of the old one.
        try await Self.put("b", document, in: fixture)
        #expect(fixture.catalog.state.users.named("ann", in: Self.account)?.inlinePolicies.map(\.name) == ["a", "b"])
    }

    @Test("IAM-22: numbers of versions are never used again")
    func versionNumbers() async throws {
        let fixture = try await IAMFixture()
        let arn = try await fixture.makePolicy("p", IAMFixture.allow("s3:Get*")).arn
        for expected in 2...9 {
            let policy = try await fixture.catalog.change { state throws(IAMError) in
                try state.createPolicyVersion(
                    IAMFixture.allow("s3:*"), of: arn, in: Self.account, setsDefault: false, now: 0)
            }
            #expect(policy.lastVersion == UInt32(expected))
            try await fixture.catalog.change { state throws(IAMError) in
                try state.deletePolicyVersion("v\(expected)", of: arn, in: Self.account)
            }
        }
        for bad in ["", "v", "v0", "1", "v1x", "v99999999999", "v-1"] {
            await #expect(throws: IAMError.self) {
                try await fixture.catalog.change { state throws(IAMError) in
                    try state.deletePolicyVersion(bad, of: arn, in: Self.account)
                }
            }
        }
    }

    @Test(
        "IAM-20: names",
        arguments: [
            ("a", true), ("A_z.0+=,@-", true), (String(repeating: "a", count: 64), true), ("", false), ("a b", false),
            ("a/b", false), ("ä", false), ("a\u{0}b", false), (String(repeating: "a", count: 65), false),
        ])
    func names(_ name: String, _ isValid: Bool) async throws {
        let fixture = try await IAMFixture()
        let made: IAMUserRecord?
        do throws(IAMError) {
            made = try await fixture.makeUser(name)
        } catch {
            #expect(error.code == "ValidationError")
            made = nil
        }
        #expect((made != nil) == isValid)
    }

    @Test("Tags: at most 50, keys alike but for case are one, and none of AWS's own")
    func tags() async throws {
        func pairs(_ keys: [String]) -> [TagPair] {
            keys.map { key in
                var pair = TagPair()
                pair.key = key
                return pair
            }
        }
        #expect(throws: Never.self) { try IAMNames.checkTags(pairs((0..<50).map { "k\($0)" })) }
        #expect(throws: IAMError.self) { try IAMNames.checkTags(pairs((0..<51).map { "k\($0)" })) }
        #expect(throws: IAMError.self) { try IAMNames.checkTags(pairs(["a", "A"])) }
        #expect(throws: IAMError.self) { try IAMNames.checkTags(pairs(["aws:x"])) }
        #expect(throws: IAMError.self) { try IAMNames.checkTags(pairs([""])) }
        #expect(throws: IAMError.self) { try IAMNames.checkTags(pairs(["a*b"])) }
        let fixture = try await IAMFixture()
        try await fixture.makeUser("ann")
        for keys in [(0..<50).map { "k\($0)" }, ["K0", "K49"]] {
            try await fixture.catalog.change { state throws(IAMError) in
                try state.tag(try state.user("ann", in: Self.account), pairs(keys))
            }
        }
        await #expect(throws: IAMError.self) {
            try await fixture.catalog.change { state throws(IAMError) in
                try state.tag(try state.user("ann", in: Self.account), pairs(["one-more"]))
            }
        }
        #expect(fixture.catalog.state.users.named("ann", in: Self.account)?.tags.count == 50)
    }
}
