package import TernRecords

/// Instance profiles: a role by another name, for machines. Nothing here hands their credentials out.
///
/// Source: AWS IAM API Reference; texts as AWS has them.
extension IAMState {
    package static let instanceProfileLimit = 1000

    package func instanceProfile(_ name: String, in account: String) throws(IAMError) -> IAMInstanceProfileRecord {
        guard let profile = self.instanceProfiles.named(name, in: account) else {
            throw .noSuchEntity("Instance Profile \(name) cannot be found.")
        }
        return profile
    }

    /// - Parameter role: The ID of a role.
    package func instanceProfiles(ofRole role: String, in account: String) -> [IAMInstanceProfileRecord] {
        self.instanceProfiles.all(in: account).filter { $0.role == role }
    }

    /// - Parameter new: With ID, account, name, path, time and tags.
    package func createInstanceProfile(
        _ new: IAMInstanceProfileRecord
    ) throws(IAMError) -> IAMPlan<IAMInstanceProfileRecord> {
        try IAMNames.check(new.name, "instanceProfileName", limit: 128)
        try IAMNames.checkPath(new.path)
        try IAMNames.checkTags(new.tags)
        guard self.instanceProfiles.named(new.name, in: new.account) == nil else {
            throw .alreadyExists("Instance Profile \(new.name) already exists.")
        }
        guard self.instanceProfiles.count(in: new.account) < Self.instanceProfileLimit else {
            throw .quota("InstanceProfilesPerAccount", Self.instanceProfileLimit)
        }
        return IAMPlan([try new.write()], new)
    }

    package func deleteInstanceProfile(_ name: String, in account: String) throws(IAMError) -> IAMPlan<Void> {
        let profile = try self.instanceProfile(name, in: account)
        guard profile.role.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must remove roles from instance profile first.")
        }
        return IAMPlan([profile.removal], ())
    }

    package func addRole(
        _ roleName: String, toInstanceProfile name: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var profile = try self.instanceProfile(name, in: account)
        let role = try self.role(roleName, in: account)
        try Self.requireUnprotected(role)
        guard profile.role.isEmpty else { throw .quota("InstanceSessionsPerInstanceProfile", 1) }
        profile.role = role.id
        return IAMPlan([try profile.write()], ())
    }

    package func removeRole(
        _ roleName: String, fromInstanceProfile name: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var profile = try self.instanceProfile(name, in: account)
        let role = try self.role(roleName, in: account)
        guard profile.role == role.id else {
            throw .noSuchEntity("Role \(role.name) in instance profile \(profile.name) cannot be found.")
        }
        profile.role = ""
        return IAMPlan([try profile.write()], ())
    }
}
