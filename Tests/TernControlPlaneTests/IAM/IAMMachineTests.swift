import TernControlPlane
import TernRecords
import Testing

@Suite("IAM: instance profiles, service-linked roles, providers of OpenID Connect")
struct IAMMachineTests {
    @Test("An instance profile follows its role by ID, and keeps it from being deleted")
    func instanceProfiles() async throws {
        let fixture = try await IAMFixture()
        let role = try await fixture.makeRole("machine")
        var profile = IAMInstanceProfileRecord()
        profile.id = fixture.catalog.makeID(IAMInstanceProfileRecord.idPrefix)
        profile.account = IAMFixture.account
        profile.name = "p"
        profile.path = "/"
        let wanted = profile
        _ = try await fixture.catalog.change { state throws(IAMError) in try state.createInstanceProfile(wanted) }
        try await fixture.catalog.change { state throws(IAMError) in
            try state.addRole("MACHINE", toInstanceProfile: "P", in: IAMFixture.account)
        }
        #expect(fixture.catalog.state.instanceProfiles(ofRole: role.id, in: IAMFixture.account).map(\.name) == ["p"])
        await #expect(throws: IAMError.self) {
            try await fixture.catalog.change { state throws(IAMError) in
                try state.deleteRole("machine", in: IAMFixture.account)
            }
        }
        // A region that starts again reads the same.
        let restarted = try await IAMFixture(log: fixture.log)
        #expect(restarted.catalog.state.instanceProfiles.named("p", in: IAMFixture.account)?.role == role.id)
    }

    @Test("Of the deletions of service-linked roles, each account keeps the last hundred")
    func deletionsAreBounded() async throws {
        let fixture = try await IAMFixture()
        var last = ""
        for number in 0..<105 {
            var role = IAMRoleRecord()
            role.id = fixture.catalog.makeID(IAMRoleRecord.idPrefix)
            role.account = IAMFixture.account
            let wanted = role
            let made = try await fixture.catalog.change { state throws(IAMError) in
                try state.createServiceLinkedRole(
                    wanted, service: "ecs.amazonaws.com", suffix: nil, description: nil)
            }
            last = try await fixture.catalog.change { state throws(IAMError) in
                try state.deleteServiceLinkedRole(made.name, in: IAMFixture.account, unique: "\(number)")
            }
        }
        let state = fixture.catalog.state
        try state.requireServiceRoleDeletion(last, in: IAMFixture.account)
        let path = "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/"
        try state.requireServiceRoleDeletion(path + "5", in: IAMFixture.account)
        #expect(throws: IAMError.self) { try state.requireServiceRoleDeletion(path + "4", in: IAMFixture.account) }
    }

    @Test(
        "The name of a provider is its issuer's URL without scheme",
        arguments: [
            ("https://idp.example.com", "idp.example.com"), ("https://idp.example.com/a/b", "idp.example.com/a/b"),
            ("https://idp.example.com/", "idp.example.com"), ("http://idp.example.com", nil), ("https://idp", nil),
            ("https:///x.y", nil), ("https://u@idp.example.com", nil), ("https://idp.example.com:8443", nil),
            ("https://idp.example.com#f", nil), ("", nil), ("https://idp.example.com/\u{e9}", nil),
        ] as [(String, String?)])
    func providerNames(url: String, name: String?) {
        #expect((try? IAMState.oidcProviderName(url: url)) == name)
    }
}
