package import TernRecords

extension IAMState {
    package func user(_ name: String, in account: String) throws(IAMError) -> IAMUserRecord {
        guard let user = self.users.named(name, in: account) else { throw .notFound("user", name) }
        return user
    }

    /// - Parameter new: With ID, account, name, path, time, tags and boundary.
    package func createUser(_ new: IAMUserRecord) throws(IAMError) -> IAMPlan<IAMUserRecord> {
        try IAMNames.check(new.name, "userName", limit: 64)
        try IAMNames.checkPath(new.path)
        try IAMNames.checkTags(new.tags)
        if !new.boundary.isEmpty { try self.checkBoundary(new.boundary, for: new.account) }
        guard self.users.named(new.name, in: new.account) == nil else {
            throw .alreadyExists("User with name \(new.name) already exists.")
        }
        guard self.users.count(in: new.account) < 5000 else { throw .quota("UsersPerAccount", 5000) }
        return IAMPlan([try new.write()], new)
    }

    package func updateUser(
        _ name: String, in account: String, newName: String?, newPath: String?
    ) throws(IAMError) -> IAMPlan<Void> {
        var user = try self.user(name, in: account)
        if let newName {
            try IAMNames.check(newName, "newUserName", limit: 64)
            if let other = self.users.named(newName, in: account), other.id != user.id {
                throw .alreadyExists("User with name \(newName) already exists.")
            }
            user.name = newName
        }
        if let newPath {
            try IAMNames.checkPath(newPath, "newPath")
            user.path = newPath
        }
        return IAMPlan([try user.write()], ())
    }

    package func deleteUser(_ name: String, in account: String) throws(IAMError) -> IAMPlan<Void> {
        let user = try self.user(name, in: account)
        guard user.groups.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must remove users from group first.")
        }
        try Self.checkIsWithoutPolicies(user)
        guard user.accessKeys.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must remove referenced objects first.")
        }
        return IAMPlan([user.removal], ())
    }
}
