import TernCore
package import TernPorts
package import TernRecords

extension IAMState {
    /// The row of an account; one of the configuration may have none yet.
    func accountRecord(_ id: String) -> AccountRecord {
        if let record = self.accountRecords[id] { return record }
        var record = AccountRecord()
        record.id = id
        return record
    }

    /// Makes an account (ACC-1).
    ///
    /// - Parameter new: With ID, canonical ID, name, email, time, and the access key of its root.
    package func createAccount(_ new: AccountRecord) throws(IAMError) -> IAMPlan<Account> {
        guard AccountID(new.id) != nil else {
            throw .validation("The account ID \(new.id) does not have 12 digits.")
        }
        try IAMNames.checkLength(new.displayName, "name", 1...50)
        guard new.email.utf8.count <= 64, new.email.split(separator: "@").count == 2, !new.email.contains(" ") else {
            throw .validation("The email \(new.email) is not valid.")
        }
        guard self.account(new.id) == nil else { throw .alreadyExists("The account \(new.id) already exists.") }
        let email = new.email.lowercased()
        if let other = self.accounts.first(where: { $0.email.lowercased() == email }) {
            throw .alreadyExists("The account \(other.id) already has the email \(new.email).")
        }
        return IAMPlan([try new.write()], new.account)
    }

    // MARK: Aliases

    package func setAlias(_ alias: String, of account: String) throws(IAMError) -> IAMPlan<Void> {
        try IAMNames.checkLength(alias, "accountAlias", 3...63)
        let isPlain = alias.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        guard isPlain, !alias.hasPrefix("-"), !alias.hasSuffix("-"), !alias.contains("--") else {
            throw .constraint(
                alias, "accountAlias",
                "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$")
        }
        if let other = self.accountRecords.values.first(where: { $0.alias == alias }) {
            if other.id == account { return IAMPlan([], ()) }
            throw .alreadyExists("The account alias \(alias) already exists.")
        }
        var record = self.accountRecord(account)
        record.alias = alias
        return IAMPlan([try record.write()], ())
    }

    package func removeAlias(_ alias: String, of account: String) throws(IAMError) -> IAMPlan<Void> {
        var record = self.accountRecord(account)
        guard !record.alias.isEmpty, record.alias == alias else {
            throw .noSuchEntity("The Account Alias \(alias) cannot be found.")
        }
        record.alias = ""
        return IAMPlan([try record.write()], ())
    }
}
