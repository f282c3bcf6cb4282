import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference.
    static let instanceProfiles: [IAMOperation] = [
        .change("CreateInstanceProfile", IAMTarget.new(IAMInstanceProfileRecord.self)) { call throws(IAMError) in
            var profile = IAMInstanceProfileRecord()
            profile.id = call.catalog.makeID(IAMInstanceProfileRecord.idPrefix)
            profile.account = call.accountID
            profile.name = try call.required("InstanceProfileName")
            profile.path = call.optional("Path") ?? "/"
            profile.createdMs = call.now
            profile.tags = try call.tags()
            let wanted = profile
            let made = try await call.change { state throws(IAMError) in try state.createInstanceProfile(wanted) }
            return call.whole(made)
        },
        .read("GetInstanceProfile", Self.profile) { call throws(IAMError) in
            call.whole(
                try call.state.instanceProfile(try call.required("InstanceProfileName"), in: call.accountID))
        },
        .change("DeleteInstanceProfile", Self.profile) { call throws(IAMError) in
            let name = try call.required("InstanceProfileName")
            try await call.change { state throws(IAMError) in
                try state.deleteInstanceProfile(name, in: call.accountID)
            }
            return nil
        },
        .read("ListInstanceProfiles", IAMTarget.list(IAMInstanceProfileRecord.self)) { call throws(IAMError) in
            let prefix = try call.pathPrefix()
            return try call.page(
                of: call.state.instanceProfiles.all(in: call.accountID).filter { $0.path.hasPrefix(prefix) })
        },
        .read("ListInstanceProfilesForRole", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let role = try call.state.role(try call.required("RoleName"), in: call.accountID)
            return try call.page(of: call.state.instanceProfiles(ofRole: role.id, in: call.accountID))
        },
        .change("AddRoleToInstanceProfile", Self.profileWithRole) { call throws(IAMError) in
            let name = try call.required("InstanceProfileName")
            let role = try call.required("RoleName")
            try await call.change { state throws(IAMError) in
                try state.addRole(role, toInstanceProfile: name, in: call.accountID)
            }
            return nil
        },
        .change("RemoveRoleFromInstanceProfile", Self.profile) { call throws(IAMError) in
            let name = try call.required("InstanceProfileName")
            let role = try call.required("RoleName")
            try await call.change { state throws(IAMError) in
                try state.removeRole(role, fromInstanceProfile: name, in: call.accountID)
            }
            return nil
        },
    ]

    private static let profile = IAMTarget.existing(IAMInstanceProfileRecord.self)

    /// Who gives machines a role passes it on (service authorization reference, AddRoleToInstanceProfile).
    private static let profileWithRole: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
        var target = try Self.profile(call)
        var role = IAMTarget.named(IAMRoleRecord.self, try call.required("RoleName"), call)
        role.conditions["iam:PassedToService"] = ["ec2.amazonaws.com"]
        target.further = [("iam:PassRole", role)]
        return target
    }
}

extension IAMCall {
    fileprivate func whole(_ profile: IAMInstanceProfileRecord) -> IAMResult {
        { xml in
            xml.open("InstanceProfile")
            self.write(profile, to: &xml)
            xml.tags(profile.tags)
            xml.close("InstanceProfile")
        }
    }

    fileprivate func page(of profiles: [IAMInstanceProfileRecord]) throws(IAMError) -> IAMResult {
        let page = try IAMPage(profiles, self) { $0.name.lowercased() }
        return { xml in page.write("InstanceProfiles", &xml) { self.write($1, to: &$0) } }
    }

    /// As lists show it.
    func write(_ profile: IAMInstanceProfileRecord, to xml: inout XMLWriter) {
        xml.identity(profile)
        xml.list("Roles", self.state.roles[id: profile.role].map { [$0] } ?? []) { xml, role in
            xml.identity(role)
            xml.document("AssumeRolePolicyDocument", self.state.shownTrustPolicy(of: role))
        }
    }
}
