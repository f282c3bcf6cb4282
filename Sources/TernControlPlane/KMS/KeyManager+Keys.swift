import Synchronization
package import TernCore
package import TernPorts
package import TernRecords

/// What CreateKey is told.
package struct NewKey: Sendable {
    package var policy: String?
    package var description = ""
    package var tags: [Tag] = []
    package var isMultiRegion = false
    package var bypassesLockoutCheck = false

    package init() {}
}

/// What ScheduleKeyDeletion answers.
package struct ScheduledDeletion: Sendable {
    package var arn: String
    /// `nil` for a primary that waits for its replicas.
    package var date: Timestamp?
    package var state: KeyState
    package var windowDays: Int
}

extension KeyManager {
    static let dayMilliseconds: Int64 = 86_400_000
    static let standardDeletionDays = 30
    static let deletionDays = 7...30
    static let maximumDescriptionCharacters = 8192

    package func createKey(_ new: NewKey, _ caller: KeyCaller) async throws(KeyServiceError) -> KeyRecord {
        try self.check(tags: new.tags)
        var extra = Self.context(requestTags: new.tags)
        extra["kms:BypassPolicyLockoutSafetyCheck"] = ["\(new.bypassesLockoutCheck)"]
        extra["kms:KeySpec"] = ["SYMMETRIC_DEFAULT"]
        extra["kms:KeyUsage"] = ["ENCRYPT_DECRYPT"]
        extra["kms:KeyOrigin"] = ["AWS_KMS"]
        extra["kms:MultiRegion"] = ["\(new.isMultiRegion)"]
        if new.isMultiRegion { extra["kms:MultiRegionKeyType"] = ["PRIMARY"] }
        try await self.authorize("CreateKey", resource: "*", caller, extra: extra)

        var record = self.newRecord(account: caller.account, isMultiRegion: new.isMultiRegion)
        record.description_p = new.description
        record.tags = new.tags.map(TagPair.init)
        try await self.setPolicy(
            new.policy ?? KeyPolicies.standard(for: caller.account), of: &record, caller,
            bypassesLockoutCheck: new.bypassesLockoutCheck)
        let made = record
        return try await self.write { table throws(KeyServiceError) in
            let count = table.keysOfAccount[caller.account]?.count ?? 0
            guard count < self.limits.keysPerAccount else {
                throw .limit("An account may have \(self.limits.keysPerAccount) keys in a region.")
            }
            return ([.putKey(made)], made)
        }
    }

    private func newRecord(account: AccountID, isMultiRegion: Bool) -> KeyRecord {
        var record = KeyRecord()
        record.id = KeyIdentifier.make(isMultiRegion: isMultiRegion)
        record.account = account.description
        record.createdMs = self.now().milliseconds
        record.materials = [.make(for: record.id, at: self.now(), rootKey: self.rootKey)]
        if isMultiRegion {
            record.isMultiRegion = true
            record.primaryRegion = self.region.description
        }
        return record
    }

    /// Gives a policy to a key, unless it would lock the caller out (KMS-4).
    func setPolicy(
        _ json: String, of record: inout KeyRecord, _ caller: KeyCaller, bypassesLockoutCheck: Bool
    ) async throws(KeyServiceError) {
        let policy = try await self.check(policy: json)
        record.policy = policy.json
        record.policyBindings = policy.bindings
        if bypassesLockoutCheck { return }
        guard let key = ManagedKey(record, rootKey: self.rootKey) else {
            throw .internalFailure("The key cannot be used.")
        }
        do {
            try await self.authorize("PutKeyPolicy", on: FoundKey(key: key), caller)
        } catch {
            throw .lockout
        }
    }

    // MARK: Managed keys

    static let managedAlias = "alias/aws/s3"

    /// The account's `alias/aws/s3`, made on first use.
    func managedKey(of account: AccountID) async throws(KeyServiceError) -> ManagedKey {
        var record = self.newRecord(account: account, isMultiRegion: false)
        record.isManaged = true
        record.description_p = "Default key that protects my S3 objects when no other key is defined"
        record.policy = KeyPolicies.s3(for: account, region: self.region)
        record.rotates = true
        record.rotationPeriodDays = UInt32(Self.standardRotationDays)
        record.nextRotationMs = record.createdMs + Int64(Self.standardRotationDays) * Self.dayMilliseconds
        var alias = KeyAliasRecord()
        alias.account = account.description
        alias.name = Self.managedAlias
        alias.keyID = record.id
        alias.createdMs = record.createdMs
        alias.updatedMs = record.createdMs
        let (made, name) = (record, alias)
        let id = try await self.write { table throws(KeyServiceError) in
            let known = table.aliases[KeyTable.AliasName(account: account, name: Self.managedAlias)]
            if let known { return ([], known.keyID) }
            return ([.putKey(made), .putAlias(name)], made.id)
        }
        guard let key = self.table.withLock({ $0.keys[id] }) else {
            throw .internalFailure("The managed key of the account cannot be read.")
        }
        return key
    }

    // MARK: Looking

    package func describeKey(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) -> KeyRecord {
        let found = try await self.find(id, caller, action: "kms:DescribeKey", .use)
        try await self.authorize("DescribeKey", on: found, caller, grantOperation: "DescribeKey")
        return found.key.record
    }

    package func listKeys(
        _ page: KeyPageRequest, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyPage<KeyRecord> {
        try await self.authorize("ListKeys", resource: "*", caller)
        let records = self.table.withLock { table in
            (table.keysOfAccount[caller.account] ?? []).compactMap { table.keys[$0]?.record }
        }
        return try KeyPage(
            records.sorted { $0.id < $1.id }, limit: page.limit, marker: page.marker, name: \.id)
    }

    // MARK: States

    package func setEnabled(_ isEnabled: Bool, _ id: String, _ caller: KeyCaller) async throws(KeyServiceError) {
        let action = isEnabled ? "EnableKey" : "DisableKey"
        let found = try await self.find(id, caller, action: "kms:\(action)", .own)
        try await self.authorize(action, on: found, caller)
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireNotPending(record)
            record.state = isEnabled ? .enabled : .disabled
        }
    }

    package func scheduleDeletion(
        _ id: String, days: Int, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> ScheduledDeletion {
        let found = try await self.find(id, caller, action: "kms:ScheduleKeyDeletion", .own)
        try await self.authorize(
            "ScheduleKeyDeletion", on: found, caller,
            extra: ["kms:ScheduleKeyDeletionPendingWindowInDays": ["\(days)"]])
        return try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireNotPending(record)
            record.pendingWindowDays = UInt32(days)
            if self.isPrimary(record), !record.replicaRegions.isEmpty {
                record.state = .pendingReplicaDeletion
            } else {
                record.state = .pendingDeletion
                record.deletionMs = self.now().milliseconds + Int64(days) * Self.dayMilliseconds
            }
            return ScheduledDeletion(
                arn: self.arn(of: record),
                date: record.deletionMs == 0 ? nil : Timestamp(milliseconds: record.deletionMs), state: record.state,
                windowDays: days)
        }
    }

    /// - Returns: The key's ARN.
    package func cancelDeletion(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) -> String {
        let found = try await self.find(id, caller, action: "kms:CancelKeyDeletion", .own)
        try await self.authorize("CancelKeyDeletion", on: found, caller)
        return try await self.modify(found.key.id) { record throws(KeyServiceError) in
            guard record.state == .pendingDeletion || record.state == .pendingReplicaDeletion else {
                throw .notPendingDeletion(arn: self.arn(of: record))
            }
            record.state = .disabled
            record.deletionMs = 0
            record.pendingWindowDays = 0
            return self.arn(of: record)
        }
    }

    package func updateDescription(
        _ id: String, _ description: String, _ caller: KeyCaller
    ) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:UpdateKeyDescription", .own)
        try await self.authorize("UpdateKeyDescription", on: found, caller)
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireNotPending(record)
            record.description_p = description
        }
    }

    // MARK: Policies

    package static let policyName = "default"

    package func keyPolicy(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) -> String {
        let found = try await self.find(id, caller, action: "kms:GetKeyPolicy", .own)
        try await self.authorize("GetKeyPolicy", on: found, caller)
        return self.shownPolicy(found.key.record.policy, bindings: found.key.record.policyBindings)
    }

    package func putKeyPolicy(
        _ id: String, _ json: String, bypassesLockoutCheck: Bool, _ caller: KeyCaller
    ) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:PutKeyPolicy", .own)
        try await self.authorize(
            "PutKeyPolicy", on: found, caller,
            extra: ["kms:BypassPolicyLockoutSafetyCheck": ["\(bypassesLockoutCheck)"]])
        try self.requireNotPending(found.key.record)
        var record = found.key.record
        try await self.setPolicy(json, of: &record, caller, bypassesLockoutCheck: bypassesLockoutCheck)
        let changed = record
        try await self.modify(found.key.id) { record throws(KeyServiceError) in
            try self.requireNotPending(record)
            record.policy = changed.policy
            record.policyBindings = changed.policyBindings
        }
    }

    /// That the key may be asked for its policies' names, of which there is one.
    package func checkListPolicies(_ id: String, _ caller: KeyCaller) async throws(KeyServiceError) {
        let found = try await self.find(id, caller, action: "kms:ListKeyPolicies", .own)
        try await self.authorize("ListKeyPolicies", on: found, caller)
    }

    func isPrimary(_ record: KeyRecord) -> Bool {
        record.isMultiRegion && record.primaryRegion == self.region.description
    }
}
