import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference; IAM-21.
    static let roles: [IAMOperation] = [
        .change("CreateRole", IAMTarget.new(IAMRoleRecord.self)) { call throws(IAMError) in
            var role = IAMRoleRecord()
            role.id = call.catalog.makeID(IAMRoleRecord.idPrefix)
            role.account = call.accountID
            role.name = try call.required("RoleName")
            role.path = call.optional("Path") ?? "/"
            role.createdMs = call.now
            role.boundary = call.optional("PermissionsBoundary") ?? ""
            role.tags = try call.tags()
            role.trustPolicy = try call.required("AssumeRolePolicyDocument")
            role.description_p = call.optional("Description") ?? ""
            role.maximumSessionSeconds = try call.sessionSeconds() ?? 3600
            let wanted = role
            let made = try await call.change { state throws(IAMError) in try state.createRole(wanted) }
            return { xml in
                xml.open("Role")
                xml.identity(made)
                xml.document("AssumeRolePolicyDocument", made.trustPolicy)
                if !made.description_p.isEmpty { xml.element("Description", made.description_p) }
                xml.boundary(made.boundary)
                xml.tags(made.tags)
                xml.close("Role")
            }
        },
        .read("GetRole", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let role = try call.state.role(try call.required("RoleName"), in: call.accountID)
            return call.whole(role)
        },
        .read("ListRoles", IAMTarget.list(IAMRoleRecord.self)) { call throws(IAMError) in
            let prefix = try call.pathPrefix()
            let roles = call.state.roles.all(in: call.accountID).filter { $0.path.hasPrefix(prefix) }
            let page = try IAMPage(roles, call) { $0.name.lowercased() }
            return { xml in page.write("Roles", &xml) { call.write($1, to: &$0) } }
        },
        .change("UpdateRole", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let name = try call.required("RoleName")
            let seconds = try call.sessionSeconds()
            _ = try await call.change { state throws(IAMError) in
                try state.updateRole(
                    name, in: call.accountID, description: call.optional("Description"), maximumSessionSeconds: seconds)
            }
            return { _ in }
        },
        .change("UpdateRoleDescription", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let name = try call.required("RoleName")
            let description = try call.required("Description")
            let role = try await call.change { state throws(IAMError) in
                try state.updateRole(name, in: call.accountID, description: description, maximumSessionSeconds: nil)
            }
            return call.whole(role)
        },
        .change("UpdateAssumeRolePolicy", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let name = try call.required("RoleName")
            let document = try call.required("PolicyDocument")
            try await call.change { state throws(IAMError) in
                try state.updateTrustPolicy(document, ofRole: name, in: call.accountID)
            }
            return nil
        },
        .change("DeleteRole", IAMTarget.existing(IAMRoleRecord.self)) { call throws(IAMError) in
            let name = try call.required("RoleName")
            try await call.change { state throws(IAMError) in try state.deleteRole(name, in: call.accountID) }
            return nil
        },
    ]
}

extension IAMCall {
    func sessionSeconds() throws(IAMError) -> UInt32? {
        guard let seconds = try self.integer("MaxSessionDuration") else { return nil }
        guard let valid = UInt32(exactly: seconds) else {
            throw .constraint(
                "\(seconds)", "maxSessionDuration", "Member must have value greater than or equal to 3600")
        }
        return valid
    }

    /// As lists show it.
    func write(_ role: IAMRoleRecord, to xml: inout XMLWriter) {
        xml.identity(role)
        xml.document("AssumeRolePolicyDocument", self.state.shownTrustPolicy(of: role))
        if !role.description_p.isEmpty { xml.element("Description", role.description_p) }
        xml.element("MaxSessionDuration", Int(role.maximumSessionSeconds))
    }

    func writeLastUse(of role: IAMRoleRecord, to xml: inout XMLWriter) {
        guard let use = self.state.uses[role.id] else {
            xml.empty("RoleLastUsed")
            return
        }
        xml.open("RoleLastUsed")
        xml.time("LastUsedDate", use.usedMs)
        xml.element("Region", use.region)
        xml.close("RoleLastUsed")
    }

    func whole(_ role: IAMRoleRecord) -> IAMResult {
        { xml in
            xml.open("Role")
            self.write(role, to: &xml)
            xml.boundary(role.boundary)
            xml.tags(role.tags)
            self.writeLastUse(of: role, to: &xml)
            xml.close("Role")
        }
    }
}
