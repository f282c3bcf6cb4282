import TernControlPlane
import TernCore
import TernPorts
import TernRecords

extension KMSCall {
    private static let keySpecs = [
        "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
        "SYMMETRIC_DEFAULT", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2", "ML_DSA_44", "ML_DSA_65",
        "ML_DSA_87", "ECC_NIST_EDWARDS25519",
    ]
    private static let policyLength = 1...131_072

    func createKey() async throws(KeyServiceError) -> JSONOutput {
        for name in ["KeySpec", "CustomerMasterKeySpec"] {
            let spec = try self.parameters.word(name, of: Self.keySpecs) ?? "SYMMETRIC_DEFAULT"
            guard spec == "SYMMETRIC_DEFAULT" else { throw .unsupported("KeySpec \(spec) is not supported.") }
        }
        let usage = try self.parameters.word(
            "KeyUsage", of: ["SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"])
        guard usage ?? "ENCRYPT_DECRYPT" == "ENCRYPT_DECRYPT" else {
            throw .validation("KeyUsage \(usage ?? "") is not compatible with KeySpec SYMMETRIC_DEFAULT")
        }
        let origin = try self.parameters.word(
            "Origin", of: ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"])
        guard origin ?? "AWS_KMS" == "AWS_KMS" else {
            throw .unsupported("Origin \(origin ?? "") is not supported.")
        }
        try self.parameters.refuse("CustomKeyStoreId", "XksKeyId", why: "there are no custom key stores.")
        var new = NewKey()
        new.policy = try self.parameters.text("Policy", length: Self.policyLength)
        new.description = try self.parameters.text("Description", length: 0...8192) ?? ""
        new.tags = try self.parameters.tags() ?? []
        new.isMultiRegion = try self.parameters.flag("MultiRegion")
        new.bypassesLockoutCheck = try self.parameters.flag("BypassPolicyLockoutSafetyCheck")
        return .object([("KeyMetadata", self.metadata(try await self.keys.createKey(new, self.caller)))])
    }

    func describeKey() async throws(KeyServiceError) -> JSONOutput {
        try self.checkGrantTokens()
        let record = try await self.keys.describeKey(self.parameters.keyID(), self.caller)
        return .object([("KeyMetadata", self.metadata(record))])
    }

    func listKeys() async throws(KeyServiceError) -> JSONOutput {
        let page = try await self.keys.listKeys(self.parameters.page(standardLimit: 100), self.caller)
        return Self.page("Keys", page) { record in
            .object([("KeyId", .string(record.id)), ("KeyArn", .string(self.keys.arn(of: record)))])
        }
    }

    func scheduleKeyDeletion() async throws(KeyServiceError) -> JSONOutput {
        let days = try self.parameters.integer("PendingWindowInDays", in: 7...30) ?? 30
        let scheduled = try await self.keys.scheduleDeletion(self.parameters.keyID(), days: days, self.caller)
        return .object([
            ("KeyId", .string(scheduled.arn)),
            ("DeletionDate", scheduled.date.map(JSONOutput.time)),
            (
                "KeyState",
                .string(scheduled.state == .pendingReplicaDeletion ? "PendingReplicaDeletion" : "PendingDeletion")
            ),
            ("PendingWindowInDays", .integer(scheduled.windowDays)),
        ])
    }

    func replicateKey() async throws(KeyServiceError) -> JSONOutput {
        let id = try self.parameters.keyID()
        var new = NewReplica(region: try self.parameters.required("ReplicaRegion", length: 1...32))
        new.policy = try self.parameters.text("Policy", length: Self.policyLength)
        new.description = try self.parameters.text("Description", length: 0...8192) ?? ""
        new.tags = try self.parameters.tags() ?? []
        new.bypassesLockoutCheck = try self.parameters.flag("BypassPolicyLockoutSafetyCheck")
        let replica = try await self.keys.replicateKey(id, new, self.caller)
        return .object([
            ("ReplicaKeyMetadata", self.metadata(replica, in: RegionName(trusted: new.region))),
            ("ReplicaPolicy", .string(replica.policy)),
            ("ReplicaTags", .array(new.tags.map(Self.tag))),
        ])
    }

    private static func tag(_ tag: Tag) -> JSONOutput {
        .object([("TagKey", .string(tag.key)), ("TagValue", .string(tag.value))])
    }

    // MARK: Policies

    private func checkPolicyName() throws(KeyServiceError) {
        let name = try self.parameters.text("PolicyName", length: 1...128) ?? KeyManager.policyName
        guard name == KeyManager.policyName else {
            throw KeyServiceError(code: "NotFoundException", message: "No such policy exists")
        }
    }

    func getKeyPolicy() async throws(KeyServiceError) -> JSONOutput {
        let id = try self.parameters.keyID()
        try self.checkPolicyName()
        let policy = try await self.keys.keyPolicy(id, self.caller)
        return .object([("Policy", .string(policy)), ("PolicyName", .string(KeyManager.policyName))])
    }

    func putKeyPolicy() async throws(KeyServiceError) {
        let id = try self.parameters.keyID()
        let policy = try self.parameters.required("Policy", length: Self.policyLength)
        try self.checkPolicyName()
        let bypasses = try self.parameters.flag("BypassPolicyLockoutSafetyCheck")
        try await self.keys.putKeyPolicy(id, policy, bypassesLockoutCheck: bypasses, self.caller)
    }

    func listKeyPolicies() async throws(KeyServiceError) -> JSONOutput {
        let id = try self.parameters.keyID()
        _ = try self.parameters.page(standardLimit: 100)
        try await self.keys.checkListPolicies(id, self.caller)
        return .object([
            ("PolicyNames", .strings([KeyManager.policyName])), ("Truncated", .boolean(false)),
        ])
    }

    // MARK: Aliases

    func aliasName() throws(KeyServiceError) -> String { try self.parameters.required("AliasName", length: 1...256) }
    func aliasTarget() throws(KeyServiceError) -> String { try self.parameters.keyID("TargetKeyId") }

    func listAliases() async throws(KeyServiceError) -> JSONOutput {
        let id = try self.parameters.text("KeyId", length: 1...2048)
        let page = try await self.keys.listAliases(
            of: id, self.parameters.page(standardLimit: 50), self.caller)
        return Self.page("Aliases", page) { alias in
            .object([
                ("AliasName", .string(alias.name)),
                ("AliasArn", .string(self.keys.aliasARN(alias.name, AccountID(trusted: alias.account)))),
                ("TargetKeyId", .string(alias.keyID)),
                ("CreationDate", .time(Timestamp(milliseconds: alias.createdMs))),
                ("LastUpdatedDate", .time(Timestamp(milliseconds: alias.updatedMs))),
            ])
        }
    }

    // MARK: Tags

    func tagResource() async throws(KeyServiceError) {
        let id = try self.parameters.keyID()
        guard let tags = try self.parameters.tags() else {
            throw .validation(
                "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null"
            )
        }
        try await self.keys.tag(id, tags, self.caller)
    }

    func untagResource() async throws(KeyServiceError) {
        let id = try self.parameters.keyID()
        guard let keys = try self.parameters.texts("TagKeys", length: 1...128) else {
            throw .validation(
                "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be "
                    + "null")
        }
        try await self.keys.untag(id, keys: keys, self.caller)
    }

    func listResourceTags() async throws(KeyServiceError) -> JSONOutput {
        let page = try await self.keys.tags(
            self.parameters.keyID(), self.parameters.page(standardLimit: 50), self.caller)
        return Self.page("Tags", page, Self.tag)
    }

    // MARK: Rotation

    func getKeyRotationStatus() async throws(KeyServiceError) -> JSONOutput {
        let status = try await self.keys.rotationStatus(self.parameters.keyID(), self.caller)
        return .object([
            ("KeyRotationEnabled", .boolean(status.isEnabled)),
            ("KeyId", .string(status.arn)),
            ("RotationPeriodInDays", status.periodDays.map(JSONOutput.integer)),
            ("NextRotationDate", status.next.map(JSONOutput.time)),
        ])
    }

    func listKeyRotations() async throws(KeyServiceError) -> JSONOutput {
        let wanted = try self.parameters.word("IncludeKeyMaterial", of: ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"])
        let includesFirst = wanted == "ALL_KEY_MATERIAL"
        let (record, page) = try await self.keys.rotations(
            self.parameters.keyID(), includesFirst: includesFirst, self.parameters.page(standardLimit: 100),
            self.caller)
        let first = record.materials.first?.id
        let current = record.materials.last?.id
        return Self.page("Rotations", page) { material in
            let isFirst = material.id == first
            return .object([
                ("KeyId", .string(record.id)),
                ("KeyMaterialId", .string(material.id)),
                ("KeyMaterialState", .string(material.id == current ? "CURRENT" : "NON_CURRENT")),
                ("RotationDate", isFirst ? nil : .time(Timestamp(milliseconds: material.createdMs))),
                ("RotationType", isFirst ? nil : .string(material.isOnDemand ? "ON_DEMAND" : "AUTOMATIC")),
            ])
        }
    }
}
