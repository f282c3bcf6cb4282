import FoundationEssentials
import Synchronization
import TernCore
import TernPolicy
package import TernPorts
package import TernRecords

/// What CreateGrant is told.
package struct NewGrant: Sendable {
    package var name = ""
    package var grantee: String
    package var retiringPrincipal: String?
    package var operations: [String]
    package var contextSubset: [String: String]?
    package var contextEquality: [String: String]?

    package init(grantee: String, operations: [String]) {
        self.grantee = grantee
        self.operations = operations
    }
}

extension KeyManager {
    /// What a grant for a symmetric key can give.
    package static let grantableOperations: Set<String> = [
        "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
        "CreateGrant", "RetireGrant", "DescribeKey",
    ]

    // MARK: Making

    package func createGrant(
        _ new: NewGrant, on id: String, isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyGrantRecord {
        let found = try await self.find(id, caller, action: "kms:CreateGrant", .shared)
        guard let grantee = Self.principalName(new.grantee),
            new.retiringPrincipal.map({ Self.principalName($0) != nil }) ?? true
        else { throw KeyServiceError(code: "InvalidArnException", message: "Grants need ARNs of principals.") }
        var extra = [
            "kms:GranteePrincipal": [grantee], "kms:GrantOperations": new.operations,
            "kms:GrantIsForAWSResource": ["false"],
        ]
        if let retiring = new.retiringPrincipal { extra["kms:RetiringPrincipal"] = [retiring] }
        if new.contextEquality != nil { extra["kms:GrantConstraintType"] = ["EncryptionContextEquals"] }
        if new.contextSubset != nil { extra["kms:GrantConstraintType"] = ["EncryptionContextSubset"] }
        try await self.authorize(
            "CreateGrant", on: found, caller,
            isGranted: self.hasGrant(of: found.key, caller) { grant in
                grant.operations.contains("CreateGrant") && Self.covers(grant, new)
            },
            extra: extra)
        if isDryRun {
            try self.requireUsable(found.key.record)
            throw .dryRun
        }

        var grant = KeyGrantRecord()
        grant.keyID = found.key.id
        grant.id = RandomBytes.make(32).lowercaseHex
        grant.name = new.name
        grant.createdMs = self.now().milliseconds
        grant.grantee = grantee
        grant.granteeID = self.principals.uniqueID(arn: grantee) ?? ""
        grant.retiringPrincipal = new.retiringPrincipal ?? ""
        grant.issuingAccount = caller.principal.account?.rootARN ?? ""
        grant.operations = new.operations
        grant.needsContextSubset = new.contextSubset != nil
        grant.contextSubset = new.contextSubset ?? [:]
        grant.needsContextEquality = new.contextEquality != nil
        grant.contextEquality = new.contextEquality ?? [:]
        grant.token = .init(RandomBytes.make(32))
        let made = grant
        return try await self.write { table throws(KeyServiceError) in
            guard let key = table.keys[made.keyID] else { throw .invalidKeyID(made.keyID) }
            try self.requireUsable(key.record)
            let grants = table.grants[made.keyID] ?? [:]
            if !made.name.isEmpty, let same = grants.values.first(where: { Self.isSame($0, made) }) {
                return ([], same)
            }
            guard grants.count < self.limits.grantsPerKey else {
                throw .limit("A key may have \(self.limits.grantsPerKey) grants.")
            }
            return ([.putGrant(made)], made)
        }
    }

    /// The principal of a grant: an ARN, the root's for the number of an account, or the name of a service.
    private static func principalName(_ text: String) -> String? {
        switch PolicyPrincipal(aws: text) {
        case .account(let account): "arn:aws:iam::\(account):root"
        case .user(let arn), .role(let arn), .roleSession(let arn), .federatedUser(let arn): arn
        case nil where text.hasSuffix(".amazonaws.com"): text
        default: nil
        }
    }

    /// Whether a grant that is made by means of another gives nothing that the other does not.
    private static func covers(_ grant: KeyGrantRecord, _ new: NewGrant) -> Bool {
        guard new.operations.allSatisfy(grant.operations.contains) else { return false }
        if grant.needsContextEquality, new.contextEquality != grant.contextEquality { return false }
        if grant.needsContextSubset {
            let pairs = new.contextEquality ?? new.contextSubset ?? [:]
            return grant.contextSubset.allSatisfy { pairs[$0.key] == $0.value }
        }
        return true
    }

    private static func isSame(_ one: KeyGrantRecord, _ other: KeyGrantRecord) -> Bool {
        var one = one
        one.id = other.id
        one.createdMs = other.createdMs
        one.token = other.token
        return one == other
    }

    // MARK: Use

    /// Whether a grant gives the caller an operation.
    func isGranted(_ operation: String, _ key: ManagedKey, _ caller: KeyCaller, _ context: [String: String]) -> Bool {
        self.hasGrant(of: key, caller) { $0.operations.contains(operation) && Self.meets($0, context) }
    }

    private func hasGrant(of key: ManagedKey, _ caller: KeyCaller, _ isWanted: (KeyGrantRecord) -> Bool) -> Bool {
        guard let grants = self.table.withLock({ $0.grants[key.id] }) else { return false }
        return grants.values.contains { Self.isGrantee(caller.principal, of: $0) && isWanted($0) }
    }

    private static func isGrantee(_ principal: Principal, of grant: KeyGrantRecord) -> Bool {
        // A federated user does not have its maker's grants.
        if principal.federatedName != nil { return grant.grantee == principal.arn }
        return switch principal {
        case .root: grant.grantee == principal.arn
        case .user(let user, _):
            grant.grantee == user.arn && (grant.granteeID.isEmpty || grant.granteeID == user.id)
        case .role(let role, _):
            grant.grantee == principal.arn
                || grant.grantee == role.arn && (grant.granteeID.isEmpty || grant.granteeID == role.id)
        case .service(let name): grant.grantee == name
        case .webIdentity, .anonymous: false
        }
    }

    private static func meets(_ grant: KeyGrantRecord, _ context: [String: String]) -> Bool {
        if grant.needsContextEquality, grant.contextEquality != context { return false }
        if grant.needsContextSubset { return grant.contextSubset.allSatisfy { context[$0.key] == $0.value } }
        return true
    }

    // MARK: Tokens

    /// What CreateGrant gives out: key and grant by their IDs, and the secret.
    package func token(of grant: KeyGrantRecord) -> String {
        Base64.encode(Array("\(grant.keyID)/\(grant.id)/".utf8) + Array(grant.token))
    }

    /// Grants hold at once, so a token adds nothing to them; one that is none is refused.
    package func check(grantTokens: [String]) throws(KeyServiceError) {
        for token in grantTokens { _ = try self.grant(token: token) }
    }

    private func grant(token: String) throws(KeyServiceError) -> KeyGrantRecord {
        guard let bytes = Base64.decode(token) else { throw Self.invalidToken }
        let parts = bytes.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.invalidToken }
        let (key, id) = (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        guard let grant = self.table.withLock({ $0.grants[key]?[id] }),
            Self.isEqual(Array(grant.token), Array(parts[2]))
        else { throw Self.invalidToken }
        return grant
    }

    private static let invalidToken = KeyServiceError(
        code: "InvalidGrantTokenException", message: "The grant token is not valid.")

    /// In a time that tells nothing of where they differ.
    private static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: Looking

    package func grants(
        of id: String, grantID: String?, grantee: String?, _ page: KeyPageRequest, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyPage<KeyGrantRecord> {
        let found = try await self.find(id, caller, action: "kms:ListGrants", .shared)
        try await self.authorize("ListGrants", on: found, caller)
        let all = self.table.withLock { $0.grants[found.key.id] } ?? [:]
        if let grantID, all[grantID] == nil { throw Self.noSuchGrant(grantID) }
        let wanted = all.values.filter { grant in
            grantID.map { grant.id == $0 } ?? true && grantee.map { grant.grantee == $0 } ?? true
        }
        return try KeyPage(wanted.sorted { $0.id < $1.id }, limit: page.limit, marker: page.marker, name: \.id)
    }

    package func retirableGrants(
        by principal: String, _ page: KeyPageRequest, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyPage<KeyGrantRecord> {
        try await self.authorize("ListRetirableGrants", resource: "*", caller)
        guard ARN.account(of: principal) == caller.account else {
            throw .foreign(principal: caller.principal.arn, action: "kms:ListRetirableGrants")
        }
        let wanted = self.table.withLock { table in
            table.grants.values.flatMap { $0.values.filter { $0.retiringPrincipal == principal } }
        }
        return try KeyPage(wanted.sorted { $0.id < $1.id }, limit: page.limit, marker: page.marker, name: \.id)
    }

    private static func noSuchGrant(_ id: String) -> KeyServiceError {
        KeyServiceError(code: "NotFoundException", message: "Grant ID \(id) not found")
    }

    /// The key that a grant is about.
    package func keyARN(of grant: KeyGrantRecord) -> String {
        self.table.withLock { $0.keys[grant.keyID] }.map { self.arn(of: $0.record) } ?? grant.keyID
    }

    // MARK: Ending

    package func revokeGrant(
        _ grantID: String, of id: String, isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:RevokeGrant", .shared)
        try await self.authorize("RevokeGrant", on: found, caller)
        try await self.remove(grantID, of: found.key.id, isDryRun: isDryRun)
    }

    /// By its token, or by key and ID.
    package func retireGrant(
        token: String?, key id: String?, grantID: String?, isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) {
        let grant: KeyGrantRecord
        let found: FoundKey
        if let token {
            grant = try self.grant(token: token)
            guard let key = self.table.withLock({ $0.keys[grant.keyID] }) else { throw Self.invalidToken }
            found = FoundKey(key: key)
        } else if let id, let grantID {
            found = try await self.find(id, caller, action: "kms:RetireGrant", .shared)
            let known = self.table.withLock { $0.grants[found.key.id]?[grantID] }
            guard let known else { throw Self.noSuchGrant(grantID) }
            grant = known
        } else {
            throw .validation("RetireGrant needs a GrantToken, or KeyId and GrantId.")
        }
        let isRetiring = Self.names(grant.retiringPrincipal, caller.principal)
        let mayRetireOwn = Self.isGrantee(caller.principal, of: grant) && grant.operations.contains("RetireGrant")
        if !isRetiring && !mayRetireOwn { try await self.authorize("RetireGrant", on: found, caller) }
        try await self.remove(grant.id, of: grant.keyID, isDryRun: isDryRun)
    }

    private static func names(_ arn: String, _ principal: Principal) -> Bool {
        if arn.isEmpty { return false }
        if case .role(let role, _) = principal, arn == role.arn { return true }
        return arn == principal.arn
    }

    private func remove(_ id: String, of key: String, isDryRun: Bool) async throws(KeyServiceError) {
        try await self.write { table throws(KeyServiceError) in
            guard table.grants[key]?[id] != nil else { throw Self.noSuchGrant(id) }
            if isDryRun { throw .dryRun }
            return ([.removeGrant(key: key, id: id)], ())
        }
    }
}
