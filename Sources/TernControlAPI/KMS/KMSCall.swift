import TernControlPlane
import TernCore
import TernPorts
import TernRecords

/// One call of an operation: its members are read, it is done, and its answer is made.
struct KMSCall: Sendable {
    let keys: KeyManager
    let caller: KeyCaller
    let parameters: KMSParameters

    /// The answer; `nil` for an operation without output.
    func perform(_ operation: KMSOperation) async throws(KeyServiceError) -> JSONOutput? {
        switch operation {
        case .createKey: return try await self.createKey()
        case .describeKey: return try await self.describeKey()
        case .listKeys: return try await self.listKeys()
        case .enableKey: try await self.keys.setEnabled(true, self.parameters.keyID(), self.caller)
        case .disableKey: try await self.keys.setEnabled(false, self.parameters.keyID(), self.caller)
        case .scheduleKeyDeletion: return try await self.scheduleKeyDeletion()
        case .cancelKeyDeletion:
            return .object([
                ("KeyId", .string(try await self.keys.cancelDeletion(self.parameters.keyID(), self.caller)))
            ])
        case .updateKeyDescription:
            let description = try self.parameters.required("Description", length: 0...8192)
            try await self.keys.updateDescription(self.parameters.keyID(), description, self.caller)
        case .getKeyPolicy: return try await self.getKeyPolicy()
        case .putKeyPolicy: try await self.putKeyPolicy()
        case .listKeyPolicies: return try await self.listKeyPolicies()
        case .createAlias: try await self.keys.createAlias(self.aliasName(), target: self.aliasTarget(), self.caller)
        case .updateAlias: try await self.keys.updateAlias(self.aliasName(), target: self.aliasTarget(), self.caller)
        case .deleteAlias: try await self.keys.deleteAlias(self.aliasName(), self.caller)
        case .listAliases: return try await self.listAliases()
        case .encrypt: return try await self.encrypt()
        case .decrypt: return try await self.decrypt()
        case .generateDataKey: return try await self.generateDataKey(showsPlaintext: true)
        case .generateDataKeyWithoutPlaintext: return try await self.generateDataKey(showsPlaintext: false)
        case .reEncrypt: return try await self.reEncrypt()
        case .generateRandom: return try await self.generateRandom()
        case .tagResource: try await self.tagResource()
        case .untagResource: try await self.untagResource()
        case .listResourceTags: return try await self.listResourceTags()
        case .enableKeyRotation:
            let days = try self.parameters.integer("RotationPeriodInDays", in: 90...2560)
            try await self.keys.enableRotation(self.parameters.keyID(), periodDays: days, self.caller)
        case .disableKeyRotation: try await self.keys.disableRotation(self.parameters.keyID(), self.caller)
        case .getKeyRotationStatus: return try await self.getKeyRotationStatus()
        case .rotateKeyOnDemand:
            return .object([
                ("KeyId", .string(try await self.keys.rotateOnDemand(self.parameters.keyID(), self.caller)))
            ])
        case .listKeyRotations: return try await self.listKeyRotations()
        case .createGrant: return try await self.createGrant()
        case .listGrants: return try await self.listGrants()
        case .listRetirableGrants: return try await self.listRetirableGrants()
        case .revokeGrant: try await self.revokeGrant()
        case .retireGrant: try await self.retireGrant()
        case .replicateKey: return try await self.replicateKey()
        case .updatePrimaryRegion:
            let region = try self.parameters.required("PrimaryRegion", length: 1...32)
            try await self.keys.updatePrimaryRegion(self.parameters.keyID(), region, self.caller)
        case .connectCustomKeyStore, .createCustomKeyStore,
            .deleteCustomKeyStore, .deleteImportedKeyMaterial, .deriveSharedSecret, .describeCustomKeyStores,
            .disconnectCustomKeyStore, .generateDataKeyPair, .generateDataKeyPairWithoutPlaintext, .generateMac,
            .getKeyLastUsage, .getParametersForImport, .getPublicKey, .importKeyMaterial, .sign,
            .updateCustomKeyStore, .verify, .verifyMac:
            throw .unsupported("\(operation.rawValue) is not supported.")
        }
        return nil
    }

    // MARK: Parts of answers

    /// KMS-2.
    ///
    /// - Parameter region: Whose key it is, if not of this region.
    func metadata(_ record: KeyRecord, in region: RegionName? = nil) -> JSONOutput {
        let region = region ?? self.keys.region
        let state =
            switch record.state {
            case .enabled, .UNRECOGNIZED: "Enabled"
            case .disabled: "Disabled"
            case .pendingDeletion: "PendingDeletion"
            case .pendingReplicaDeletion: "PendingReplicaDeletion"
            }
        let waitsForReplicas = record.state == .pendingReplicaDeletion
        return .object([
            ("AWSAccountId", .string(record.account)),
            ("KeyId", .string(record.id)),
            ("Arn", .string(Self.arn(of: record, in: region))),
            ("CreationDate", .time(Timestamp(milliseconds: record.createdMs))),
            ("Enabled", .boolean(record.state == .enabled)),
            ("Description", .string(record.description_p)),
            ("KeyUsage", .string("ENCRYPT_DECRYPT")),
            ("KeyState", .string(state)),
            ("DeletionDate", record.deletionMs == 0 ? nil : .time(Timestamp(milliseconds: record.deletionMs))),
            ("Origin", .string("AWS_KMS")),
            ("KeyManager", .string(record.isManaged ? "AWS" : "CUSTOMER")),
            ("CustomerMasterKeySpec", .string("SYMMETRIC_DEFAULT")),
            ("KeySpec", .string("SYMMETRIC_DEFAULT")),
            ("EncryptionAlgorithms", .strings(["SYMMETRIC_DEFAULT"])),
            ("MultiRegion", .boolean(record.isMultiRegion)),
            ("MultiRegionConfiguration", record.isMultiRegion ? Self.regions(of: record, seenFrom: region) : nil),
            ("PendingDeletionWindowInDays", waitsForReplicas ? .integer(Int(record.pendingWindowDays)) : nil),
            ("CurrentKeyMaterialId", .text(record.materials.last?.id)),
        ])
    }

    private static func arn(of record: KeyRecord, in region: RegionName) -> String {
        KeyIdentifier.arn(key: record.id, account: AccountID(trusted: record.account), region: region)
    }

    private static func regions(of record: KeyRecord, seenFrom region: RegionName) -> JSONOutput {
        func key(_ name: String) -> JSONOutput {
            let arn = Self.arn(of: record, in: RegionName(trusted: name))
            return .object([("Arn", .string(arn)), ("Region", .string(name))])
        }
        return .object([
            ("MultiRegionKeyType", .string(record.primaryRegion == region.description ? "PRIMARY" : "REPLICA")),
            ("PrimaryKey", key(record.primaryRegion)),
            ("ReplicaKeys", .array(record.replicaRegions.sorted().map(key))),
        ])
    }

    static func page<Item>(
        _ name: String, _ page: KeyPage<Item>, _ item: (Item) -> JSONOutput
    ) -> JSONOutput {
        .object([
            (name, .array(page.items.map(item))), ("NextMarker", .text(page.nextMarker)),
            ("Truncated", .boolean(page.nextMarker != nil)),
        ])
    }
}
