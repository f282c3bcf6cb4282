import Synchronization
import TernCore
import TernPolicy
package import TernPorts
import TernRecords

/// A key that a request names.
struct FoundKey: Sendable {
    var key: ManagedKey
    /// The alias by which it was named.
    var alias: String?
}

extension KeyManager {
    /// Which `KeyId` parameters an operation takes.
    struct Finding: Sendable {
        var acceptsAliases: Bool
        /// Whether keys of other accounts may be named.
        var acceptsForeign: Bool

        /// Of what is done with a key's configuration.
        static let own = Finding(acceptsAliases: false, acceptsForeign: false)
        static let use = Finding(acceptsAliases: true, acceptsForeign: true)
        static let shared = Finding(acceptsAliases: false, acceptsForeign: true)
    }

    /// The key that a `KeyId` parameter names.
    func find(
        _ text: String, _ caller: KeyCaller, action: String, _ finding: Finding
    ) async throws(KeyServiceError) -> FoundKey {
        guard (1...2048).contains(text.utf8.count) else {
            throw .constraint(
                "keyId",
                text.isEmpty ? "have length greater than or equal to 1" : "have length less than or equal to 2048")
        }
        switch try KeyReference(text, account: caller.account, region: self.region) {
        case .key(let id, let account):
            let isOwn = account == caller.account
            guard isOwn || finding.acceptsForeign else {
                throw .foreign(principal: caller.principal.arn, action: action)
            }
            if let key = self.table.withLock({ $0.keys[id] }), key.account == account { return FoundKey(key: key) }
            guard isOwn else { throw .foreign(principal: caller.principal.arn, action: action) }
            guard KeyIdentifier.bytes(id) != nil else { throw .invalidKeyID(id) }
            throw .noSuchKey(arn: KeyIdentifier.arn(key: id, account: account, region: self.region))
        case .alias(let name, let account):
            guard finding.acceptsAliases else { throw .invalidKeyID(text) }
            let found = self.table.withLock { table -> ManagedKey? in
                table.aliases[KeyTable.AliasName(account: account, name: name)].flatMap { table.keys[$0.keyID] }
            }
            if let found { return FoundKey(key: found, alias: name) }
            guard account == caller.account else {
                throw .foreign(principal: caller.principal.arn, action: action)
            }
            if name == Self.managedAlias { return FoundKey(key: try await self.managedKey(of: account), alias: name) }
            throw .noSuchAlias(arn: self.aliasARN(name, account))
        }
    }

    /// Asks the authorizer for an action on a key; without the key's policy nobody gets by (KMS-3).
    ///
    /// - Parameters:
    ///   - encryptionContext: Of cryptography; `nil` for everything else.
    ///   - grantOperation: What grants call the action; `nil` for what they cannot give.
    ///   - isGranted: Whether a grant gives it in another way.
    ///   - extra: Condition keys of the action's own.
    func authorize(
        _ action: String, on found: FoundKey, _ caller: KeyCaller, encryptionContext: [String: String]? = nil,
        grantOperation: String? = nil, isGranted: Bool = false, extra: [String: [String]] = [:]
    ) async throws(KeyServiceError) {
        let key = found.key
        let isGranted =
            isGranted || grantOperation.map { self.isGranted($0, key, caller, encryptionContext ?? [:]) } ?? false
        let request = self.request(action, on: found, caller, encryptionContext: encryptionContext, extra: extra)
        guard case .denied(let denial) = await self.authorizer.authorize(request) else { return }
        // A grant stands for what policies lack; what they deny, and what cuts a session, goes before it.
        if isGranted, denial.reason == .notAllowed(.identity) || denial.reason == .notAllowed(.resource) { return }
        guard caller.principal.account?.id == key.account else {
            throw .foreign(principal: caller.principal.arn, action: request.action)
        }
        throw .accessDenied(denial.message)
    }

    private func request(
        _ action: String, on found: FoundKey, _ caller: KeyCaller, encryptionContext: [String: String]?,
        extra: [String: [String]]
    ) -> AuthorizationRequest {
        let key = found.key
        let context = self.context(of: key, found.alias, caller, encryptionContext).merging(extra) { $1 }
        var request = AuthorizationRequest(
            principal: caller.principal, action: "kms:\(action)", resource: self.arn(of: key.record),
            resourceOwner: key.account, resourcePolicy: key.policy, resourceRole: .required, context: { context })
        request.requestID = caller.requestID
        return request
    }

    /// What the authorizer is asked about an action on a key of this region, and whether a grant gives it. For
    /// simulations.
    ///
    /// - Parameters:
    ///   - action: Without `kms:`.
    ///   - key: The ARN of a key or alias.
    /// - Throws: `NotFoundException`.
    package func authorizationRequest(
        of caller: KeyCaller, to action: String, key: String
    ) async throws(KeyServiceError) -> (request: AuthorizationRequest, isGranted: Bool) {
        let found = try await self.find(key, caller, action: "kms:\(action)", .use)
        var encryptionContext: [String: String] = [:]
        for (name, values) in caller.context where name.hasPrefix("kms:EncryptionContext:") {
            encryptionContext[String(name.dropFirst("kms:EncryptionContext:".count))] = values.first
        }
        return (
            self.request(action, on: found, caller, encryptionContext: nil, extra: [:]),
            self.isGranted(action, found.key, caller, encryptionContext)
        )
    }

    /// Asks for an action that concerns no key, or an alias.
    func authorize(
        _ action: String, resource: String, _ caller: KeyCaller, extra: [String: [String]] = [:]
    ) async throws(KeyServiceError) {
        let context = caller.context.merging(self.context(of: caller)) { $1 }.merging(extra) { $1 }
        var request = AuthorizationRequest(
            principal: caller.principal, action: "kms:\(action)", resource: resource, resourceOwner: caller.account,
            context: { context })
        request.requestID = caller.requestID
        if case .denied(let denial) = await self.authorizer.authorize(request) { throw .accessDenied(denial.message) }
    }

    private func context(of caller: KeyCaller) -> [String: [String]] {
        var context: [String: [String]] = [:]
        if let account = caller.principal.account { context["kms:CallerAccount"] = [account.id.description] }
        if let service = caller.viaService {
            context["kms:ViaService"] = [service]
            context["aws:ViaAWSService"] = ["true"]
        }
        return context
    }

    /// The condition keys of KMS-5.
    private func context(
        of key: ManagedKey, _ alias: String?, _ caller: KeyCaller, _ encryptionContext: [String: String]?
    ) -> [String: [String]] {
        var context = caller.context.merging(self.context(of: caller)) { $1 }
        let record = key.record
        context["kms:KeyOrigin"] = ["AWS_KMS"]
        context["kms:KeySpec"] = ["SYMMETRIC_DEFAULT"]
        context["kms:KeyUsage"] = ["ENCRYPT_DECRYPT"]
        context["kms:MultiRegion"] = ["\(record.isMultiRegion)"]
        if record.isMultiRegion {
            context["kms:MultiRegionKeyType"] = [
                record.primaryRegion == self.region.description ? "PRIMARY" : "REPLICA"
            ]
        }
        if let alias { context["kms:RequestAlias"] = [alias] }
        let aliases = self.table.withLock { $0.aliasesOfKey[record.id] } ?? []
        if !aliases.isEmpty { context["kms:ResourceAliases"] = aliases.sorted() }
        for tag in record.tags { context["aws:ResourceTag/\(tag.key)"] = [tag.value] }
        if let encryptionContext {
            context["kms:EncryptionAlgorithm"] = ["SYMMETRIC_DEFAULT"]
            for (name, value) in encryptionContext { context["kms:EncryptionContext:\(name)"] = [value] }
            if !encryptionContext.isEmpty { context["kms:EncryptionContextKeys"] = encryptionContext.keys.sorted() }
        }
        return context
    }

    // MARK: States

    /// That a key may encrypt and decrypt.
    func requireUsable(_ record: KeyRecord) throws(KeyServiceError) {
        if record.state == .disabled { throw .disabled(arn: self.arn(of: record)) }
        try self.requireNotPending(record)
    }

    func requireNotPending(_ record: KeyRecord) throws(KeyServiceError) {
        switch record.state {
        case .pendingDeletion: throw .pendingDeletion(arn: self.arn(of: record))
        case .pendingReplicaDeletion: throw .pendingReplicaDeletion(arn: self.arn(of: record))
        case .enabled, .disabled, .UNRECOGNIZED: break
        }
    }
}
