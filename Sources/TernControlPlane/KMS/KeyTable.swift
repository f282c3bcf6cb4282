import TernCore
import TernRecords

/// All keys, aliases and grants of this region, in memory.
struct KeyTable: Sendable {
    struct AliasName: Hashable, Sendable {
        var account: AccountID
        /// With `alias/` before it.
        var name: String
    }

    private(set) var keys: [String: ManagedKey] = [:]
    private(set) var keysOfAccount: [AccountID: Set<String>] = [:]
    private(set) var aliases: [AliasName: KeyAliasRecord] = [:]
    private(set) var aliasesOfAccount: [AccountID: Set<String>] = [:]
    private(set) var aliasesOfKey: [String: Set<String>] = [:]
    /// By key, then by ID.
    private(set) var grants: [String: [String: KeyGrantRecord]] = [:]

    mutating func put(_ key: ManagedKey) {
        self.keys[key.id] = key
        self.keysOfAccount[key.account, default: []].insert(key.id)
    }

    mutating func removeKey(_ id: String) {
        guard let key = self.keys.removeValue(forKey: id) else { return }
        self.keysOfAccount[key.account]?.remove(id)
    }

    mutating func put(_ alias: KeyAliasRecord) {
        let name = AliasName(account: AccountID(trusted: alias.account), name: alias.name)
        if let previous = self.aliases[name] { self.aliasesOfKey[previous.keyID]?.remove(alias.name) }
        self.aliases[name] = alias
        self.aliasesOfAccount[name.account, default: []].insert(alias.name)
        self.aliasesOfKey[alias.keyID, default: []].insert(alias.name)
    }

    mutating func removeAlias(_ name: AliasName) {
        guard let alias = self.aliases.removeValue(forKey: name) else { return }
        self.aliasesOfAccount[name.account]?.remove(name.name)
        self.aliasesOfKey[alias.keyID]?.remove(name.name)
        if self.aliasesOfKey[alias.keyID]?.isEmpty == true { self.aliasesOfKey[alias.keyID] = nil }
    }

    mutating func put(_ grant: KeyGrantRecord) { self.grants[grant.keyID, default: [:]][grant.id] = grant }

    mutating func removeGrant(key: String, id: String) {
        self.grants[key]?[id] = nil
        if self.grants[key]?.isEmpty == true { self.grants[key] = nil }
    }
}
