package import TernRecords

/// Access keys (IAM-24).
enum IAMKeys {
    static let prefix = "AKIA"
    static let limit = 2
}

extension IAMState {
    package func createAccessKey(
        _ key: IAMAccessKey, ofUser name: String, in account: String
    ) throws(IAMError) -> IAMPlan<IAMUserRecord> {
        var user = try self.user(name, in: account)
        guard user.accessKeys.count < IAMKeys.limit else { throw .quota("AccessKeysPerUser", IAMKeys.limit) }
        user.accessKeys.append(key)
        return IAMPlan([try user.write()], user)
    }

    package func updateAccessKey(
        _ id: String, isActive: Bool, ofUser name: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var user = try self.user(name, in: account)
        guard let index = user.accessKeys.firstIndex(where: { $0.id == id }) else { throw .accessKeyNotFound(id) }
        user.accessKeys[index].isInactive = !isActive
        return IAMPlan([try user.write()], ())
    }

    package func deleteAccessKey(
        _ id: String, ofUser name: String, in account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var user = try self.user(name, in: account)
        guard user.accessKeys.contains(where: { $0.id == id }) else { throw .accessKeyNotFound(id) }
        user.accessKeys.removeAll { $0.id == id }
        return IAMPlan([try user.write()] + self.useRemoval(id), ())
    }

    // Those of the account's root, which has no row of its own where the configuration names it.

    package func createRootAccessKey(_ key: IAMAccessKey, of account: String) throws(IAMError) -> IAMPlan<Void> {
        var record = self.accountRecord(account)
        guard record.accessKeys.count < IAMKeys.limit else { throw .quota("AccessKeysPerAccount", IAMKeys.limit) }
        record.accessKeys.append(key)
        return IAMPlan([try record.write()], ())
    }

    package func updateRootAccessKey(
        _ id: String, isActive: Bool, of account: String
    ) throws(IAMError) -> IAMPlan<Void> {
        var record = self.accountRecord(account)
        guard let index = record.accessKeys.firstIndex(where: { $0.id == id }) else { throw .accessKeyNotFound(id) }
        record.accessKeys[index].isInactive = !isActive
        return IAMPlan([try record.write()], ())
    }

    package func deleteRootAccessKey(_ id: String, of account: String) throws(IAMError) -> IAMPlan<Void> {
        var record = self.accountRecord(account)
        guard record.accessKeys.contains(where: { $0.id == id }) else { throw .accessKeyNotFound(id) }
        record.accessKeys.removeAll { $0.id == id }
        return IAMPlan([try record.write()] + self.useRemoval(id), ())
    }

    /// The keys of the account's root that are kept here: not those of the configuration.
    package func rootAccessKeys(of account: String) -> [IAMAccessKey] { self.accountRecord(account).accessKeys }
}
