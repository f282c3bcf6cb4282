package import TernRecords

extension IAMState {
    package func group(_ name: String, in account: String) throws(IAMError) -> IAMGroupRecord {
        guard let group = self.groups.named(name, in: account) else { throw .notFound("group", name) }
        return group
    }

    package func members(of group: IAMGroupRecord) -> [IAMUserRecord] {
        self.users.all(in: group.account).filter { $0.groups.contains(group.id) }
    }

    package func groups(of user: IAMUserRecord) -> [IAMGroupRecord] {
        user.groups.compactMap { self.groups[id: $0] }.sorted { $0.name.lowercased() < $1.name.lowercased() }
    }

    package func createGroup(_ new: IAMGroupRecord) throws(IAMError) -> IAMPlan<IAMGroupRecord> {
        try IAMNames.check(new.name, "groupName", limit: 128)
        try IAMNames.checkPath(new.path)
        guard self.groups.named(new.name, in: new.account) == nil else {
            throw .alreadyExists("Group with name \(new.name) already exists.")
        }
        guard self.groups.count(in: new.account) < 300 else { throw .quota("GroupsPerAccount", 300) }
        return IAMPlan([try new.write()], new)
    }

    package func updateGroup(
        _ name: String, in account: String, newName: String?, newPath: String?
    ) throws(IAMError) -> IAMPlan<Void> {
        var group = try self.group(name, in: account)
        if let newName {
            try IAMNames.check(newName, "newGroupName", limit: 128)
            if let other = self.groups.named(newName, in: account), other.id != group.id {
                throw .alreadyExists("Group with name \(newName) already exists.")
            }
            group.name = newName
        }
        if let newPath {
            try IAMNames.checkPath(newPath, "newPath")
            group.path = newPath
        }
        return IAMPlan([try group.write()], ())
    }

    package func deleteGroup(_ name: String, in account: String) throws(IAMError) -> IAMPlan<Void> {
        let group = try self.group(name, in: account)
        guard self.members(of: group).isEmpty else {
            throw .deleteConflict("Cannot delete entity, must remove users from group first.")
        }
        try Self.checkIsWithoutPolicies(group)
        return IAMPlan([group.removal], ())
    }

    /// Adding a member again changes nothing.
    package func addUser(
        _ userName: String, toGroup groupName: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        let group = try self.group(groupName, in: account)
        var user = try self.user(userName, in: account)
        guard !user.groups.contains(group.id) else { return IAMPlan([], ()) }
        guard user.groups.count < 10 else { throw .quota("GroupsPerUser", 10) }
        user.groups.append(group.id)
        return IAMPlan([try user.write()], ())
    }

    package func removeUser(
        _ userName: String, fromGroup groupName: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        let group = try self.group(groupName, in: account)
        var user = try self.user(userName, in: account)
        guard user.groups.contains(group.id) else {
            throw .noSuchEntity("User \(userName) not in group \(groupName)")
        }
        user.groups.removeAll { $0 == group.id }
        return IAMPlan([try user.write()], ())
    }
}
