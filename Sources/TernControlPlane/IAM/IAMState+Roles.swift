package import TernRecords

extension IAMState {
    /// IAM-21: bytes of a trust policy, white space left out.
    static let trustPolicyLimit = 2048

    package func role(_ name: String, in account: String) throws(IAMError) -> IAMRoleRecord {
        guard let role = self.roles.named(name, in: account) else { throw .notFound("role", name) }
        return role
    }

    /// - Parameter new: With all but the bindings of its trust policy.
    package func createRole(_ new: IAMRoleRecord) throws(IAMError) -> IAMPlan<IAMRoleRecord> {
        try IAMNames.check(new.name, "roleName", limit: 64)
        try IAMNames.checkPath(new.path)
        guard !new.isServiceLinked else {
            throw .invalidInput("Roles with the path \(IAMRoleRecord.serviceLinkedPath) are made by services only.")
        }
        return try self.addRole(new)
    }

    /// Any role, those of services as well.
    func addRole(_ new: IAMRoleRecord) throws(IAMError) -> IAMPlan<IAMRoleRecord> {
        try IAMNames.checkTags(new.tags)
        try Self.checkRole(description: new.description_p, maximumSessionSeconds: new.maximumSessionSeconds)
        if !new.boundary.isEmpty { try self.checkBoundary(new.boundary, for: new.account) }
        guard self.roles.named(new.name, in: new.account) == nil else {
            throw .alreadyExists("Role with name \(new.name) already exists.")
        }
        guard self.roles.count(in: new.account) < 5000 else { throw .quota("RolesPerAccount", 5000) }
        var role = new
        role.trustBindings = try self.checkedBindings(new.trustPolicy)
        return IAMPlan([try role.write()], role)
    }

    package func updateRole(
        _ name: String, in account: String, description: String?, maximumSessionSeconds: UInt32?
    ) throws(IAMError) -> IAMPlan<IAMRoleRecord> {
        var role = try self.role(name, in: account)
        if let description { role.description_p = description }
        if let maximumSessionSeconds {
            try Self.requireUnprotected(role)
            role.maximumSessionSeconds = maximumSessionSeconds
        }
        try Self.checkRole(description: role.description_p, maximumSessionSeconds: role.maximumSessionSeconds)
        return IAMPlan([try role.write()], role)
    }

    package func updateTrustPolicy(
        _ document: String, ofRole name: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var role = try self.role(name, in: account)
        try Self.requireUnprotected(role)
        role.trustBindings = try self.checkedBindings(document)
        role.trustPolicy = document
        return IAMPlan([try role.write()], ())
    }

    package func deleteRole(_ name: String, in account: String) throws(IAMError) -> IAMPlan<Void> {
        let role = try self.role(name, in: account)
        try Self.requireUnprotected(role)
        try Self.checkIsWithoutPolicies(role)
        guard self.instanceProfiles(ofRole: role.id, in: account).isEmpty else {
            throw .deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
        }
        return IAMPlan([role.removal] + self.useRemoval(role.id), ())
    }

    private func checkedBindings(_ document: String) throws(IAMError) -> [IAMPrincipalBinding] {
        let bindings = try self.bindings(ofTrustPolicy: document)
        guard IAMPolicyCheck.size(document) <= Self.trustPolicyLimit else {
            throw .quota("ACLSizePerRole", Self.trustPolicyLimit)
        }
        return bindings
    }

    private static func checkRole(description: String, maximumSessionSeconds: UInt32) throws(IAMError) {
        try IAMNames.checkLength(description, "description", 0...1000)
        guard maximumSessionSeconds >= 3600 else {
            throw .constraint(
                "\(maximumSessionSeconds)", "maxSessionDuration",
                "Member must have value greater than or equal to 3600")
        }
        guard maximumSessionSeconds <= 43200 else {
            throw .constraint(
                "\(maximumSessionSeconds)", "maxSessionDuration", "Member must have value less than or equal to 43200")
        }
    }
}
