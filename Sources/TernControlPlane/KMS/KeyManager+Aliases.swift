import Synchronization
import TernCore
package import TernPorts
package import TernRecords

extension KeyManager {
    private static let reservedAliasPrefix = "alias/aws/"

    package func createAlias(_ name: String, target: String, _ caller: KeyCaller) async throws(KeyServiceError) {
        try Self.check(aliasName: name)
        let found = try await self.findAliasTarget(target, caller, action: "CreateAlias")
        let arn = self.aliasARN(name, caller.account)
        try await self.authorize("CreateAlias", resource: arn, caller)
        try await self.authorize("CreateAlias", on: found, caller)
        var alias = KeyAliasRecord()
        alias.account = caller.account.description
        alias.name = name
        alias.keyID = found.key.id
        alias.createdMs = self.now().milliseconds
        alias.updatedMs = alias.createdMs
        let made = alias
        try await self.write { table throws(KeyServiceError) in
            try self.requireAliasTarget(made.keyID, table)
            guard table.aliases[KeyTable.AliasName(account: caller.account, name: name)] == nil else {
                throw .aliasExists(arn: arn)
            }
            return ([.putAlias(made)], ())
        }
    }

    package func updateAlias(_ name: String, target: String, _ caller: KeyCaller) async throws(KeyServiceError) {
        try Self.check(aliasName: name)
        let found = try await self.findAliasTarget(target, caller, action: "UpdateAlias")
        let arn = self.aliasARN(name, caller.account)
        let key = KeyTable.AliasName(account: caller.account, name: name)
        try await self.authorize("UpdateAlias", resource: arn, caller)
        try await self.authorize("UpdateAlias", on: found, caller)
        let previous = self.table.withLock { table in
            table.aliases[key].flatMap { table.keys[$0.keyID] }
        }
        guard let previous else { throw .noSuchAlias(arn: arn) }
        try await self.authorize("UpdateAlias", on: FoundKey(key: previous), caller)
        let time = self.now().milliseconds
        try await self.write { table throws(KeyServiceError) in
            guard var alias = table.aliases[key], alias.keyID == previous.id else { throw .noSuchAlias(arn: arn) }
            try self.requireAliasTarget(found.key.id, table)
            alias.keyID = found.key.id
            alias.updatedMs = time
            return ([.putAlias(alias)], ())
        }
    }

    package func deleteAlias(_ name: String, _ caller: KeyCaller) async throws(KeyServiceError) {
        try Self.check(aliasName: name)
        let arn = self.aliasARN(name, caller.account)
        let key = KeyTable.AliasName(account: caller.account, name: name)
        try await self.authorize("DeleteAlias", resource: arn, caller)
        let target = self.table.withLock { table in
            table.aliases[key].flatMap { table.keys[$0.keyID] }
        }
        guard let target else { throw .noSuchAlias(arn: arn) }
        try await self.authorize("DeleteAlias", on: FoundKey(key: target), caller)
        try await self.write { table throws(KeyServiceError) in
            guard table.aliases[key]?.keyID == target.id else { throw .noSuchAlias(arn: arn) }
            return ([.removeAlias(account: caller.account.description, name: name)], ())
        }
    }

    /// - Parameter id: Only the aliases of this key.
    package func listAliases(
        of id: String?, _ page: KeyPageRequest, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyPage<KeyAliasRecord> {
        try await self.authorize("ListAliases", resource: "*", caller)
        var keyID: String?
        if let id { keyID = try await self.find(id, caller, action: "kms:ListAliases", .own).key.id }
        let wanted = keyID
        let aliases = self.table.withLock { table in
            let names = wanted.map { table.aliasesOfKey[$0] ?? [] } ?? table.aliasesOfAccount[caller.account] ?? []
            return names.compactMap { table.aliases[KeyTable.AliasName(account: caller.account, name: $0)] }
        }
        return try KeyPage(
            aliases.sorted { $0.name < $1.name }, limit: page.limit, marker: page.marker, name: \.name)
    }

    private func findAliasTarget(
        _ target: String, _ caller: KeyCaller, action: String
    ) async throws(KeyServiceError) -> FoundKey {
        if target.hasPrefix(KeyReference.aliasPrefix) {
            throw .validation("Aliases must refer to keys. Not aliases")
        }
        return try await self.find(target, caller, action: "kms:\(action)", .own)
    }

    private func requireAliasTarget(_ id: String, _ table: KeyTable) throws(KeyServiceError) {
        guard let key = table.keys[id] else { throw .invalidKeyID(id) }
        try self.requireNotPending(key.record)
        guard table.aliasesOfKey[id]?.count ?? 0 < self.limits.aliasesPerKey else {
            throw .limit("A key may have \(self.limits.aliasesPerKey) aliases.")
        }
    }

    private static func check(aliasName name: String) throws(KeyServiceError) {
        guard name.hasPrefix(KeyReference.aliasPrefix), name != KeyReference.aliasPrefix else {
            throw .validation(
                "Alias must start with the prefix \"alias/\". Please see "
                    + "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
        }
        guard !name.hasPrefix(self.reservedAliasPrefix), name != "alias/aws" else {
            throw KeyServiceError(code: "NotAuthorizedException", message: "")
        }
        let isSpelled = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "/_-:".utf8.contains($0)
        }
        guard isSpelled else {
            throw .constraint("aliasName", "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$", value: name)
        }
        guard !name.utf8.contains(UInt8(ascii: ":")) else {
            throw KeyServiceError(
                code: "InvalidAliasNameException", message: "\(name) contains invalid characters for an alias")
        }
    }
}
