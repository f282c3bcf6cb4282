import Synchronization
package import TernCore
package import TernPorts
import TernRecords

/// What a cryptographic operation gives.
package struct KeyOutput: Sendable {
    /// The ciphertext, or the plaintext of Decrypt.
    package var bytes: [UInt8]
    package var keyARN: String
    package var materialID: String
}

extension KeyManager {
    static let maximumPlaintextBytes = 4096
    private static let maximumContextBytes = 8192

    package func encrypt(
        _ plaintext: [UInt8], under id: String, context: [String: String], isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyOutput {
        try Self.check(context)
        let found = try await self.find(id, caller, action: "kms:Encrypt", .use)
        try await self.authorize("Encrypt", on: found, caller, encryptionContext: context, grantOperation: "Encrypt")
        try self.requireUsable(found.key.record)
        if isDryRun { throw .dryRun }
        return self.seal(plaintext, found.key, context)
    }

    package func decrypt(
        _ blob: [UInt8], under id: String?, context: [String: String], isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> KeyOutput {
        try Self.check(context)
        let (blob, found) = try await self.findKey(of: blob, id, caller, action: "kms:Decrypt")
        try await self.authorize("Decrypt", on: found, caller, encryptionContext: context, grantOperation: "Decrypt")
        let plaintext = try self.open(blob, found.key, context)
        if isDryRun { throw .dryRun }
        return KeyOutput(
            bytes: plaintext, keyARN: self.arn(of: found.key.record), materialID: blob.materialID.lowercaseHex)
    }

    /// - Parameter action: `GenerateDataKey` or `GenerateDataKeyWithoutPlaintext`.
    package func generateDataKey(
        _ byteCount: Int, under id: String, context: [String: String], action: String = "GenerateDataKey",
        isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> (plaintext: [UInt8], sealed: KeyOutput) {
        try Self.check(context)
        let found = try await self.find(id, caller, action: "kms:\(action)", .use)
        try await self.authorize(action, on: found, caller, encryptionContext: context, grantOperation: action)
        try self.requireUsable(found.key.record)
        if isDryRun { throw .dryRun }
        let plaintext = RandomBytes.make(byteCount)
        return (plaintext, self.seal(plaintext, found.key, context))
    }

    /// Decrypts and encrypts anew; the plaintext does not leave.
    package func reEncrypt(
        _ blob: [UInt8], from source: String?, sourceContext: [String: String], to destination: String,
        destinationContext: [String: String], isDryRun: Bool = false, _ caller: KeyCaller
    ) async throws(KeyServiceError) -> (source: KeyOutput, destination: KeyOutput) {
        try Self.check(sourceContext)
        try Self.check(destinationContext)
        let (blob, from) = try await self.findKey(of: blob, source, caller, action: "kms:ReEncryptFrom")
        let to = try await self.find(destination, caller, action: "kms:ReEncryptTo", .use)
        let extra = ["kms:ReEncryptOnSameKey": ["\(from.key.id == to.key.id)"]]
        try await self.authorize(
            "ReEncryptFrom", on: from, caller, encryptionContext: sourceContext, grantOperation: "ReEncryptFrom",
            extra: extra)
        try await self.authorize(
            "ReEncryptTo", on: to, caller, encryptionContext: destinationContext, grantOperation: "ReEncryptTo",
            extra: extra)
        let plaintext = try self.open(blob, from.key, sourceContext)
        try self.requireUsable(to.key.record)
        if isDryRun { throw .dryRun }
        let opened = KeyOutput(
            bytes: [], keyARN: self.arn(of: from.key.record), materialID: blob.materialID.lowercaseHex)
        return (opened, self.seal(plaintext, to.key, destinationContext))
    }

    package func random(_ byteCount: Int, _ caller: KeyCaller) async throws(KeyServiceError) -> [UInt8] {
        try await self.authorize("GenerateRandom", resource: "*", caller)
        return RandomBytes.make(byteCount)
    }

    // MARK: Parts

    private func seal(_ plaintext: [UInt8], _ key: ManagedKey, _ context: [String: String]) -> KeyOutput {
        KeyOutput(
            bytes: key.encrypt(plaintext, context: context), keyARN: self.arn(of: key.record),
            materialID: key.record.materials.last?.id ?? "")
    }

    private func open(
        _ blob: CiphertextBlob, _ key: ManagedKey, _ context: [String: String]
    ) throws(KeyServiceError) -> [UInt8] {
        guard blob.keyID == key.id else { throw .incorrectKey }
        try self.requireUsable(key.record)
        guard let plaintext = key.decrypt(blob, context: context) else { throw .invalidCiphertext }
        return plaintext
    }

    /// The key that a ciphertext is to be opened with: the one that is named, else the one that made it.
    private func findKey(
        of bytes: [UInt8], _ id: String?, _ caller: KeyCaller, action: String
    ) async throws(KeyServiceError) -> (CiphertextBlob, FoundKey) {
        guard let blob = CiphertextBlob(bytes) else { throw .invalidCiphertext }
        if let id { return (blob, try await self.find(id, caller, action: action, .use)) }
        guard let key = self.table.withLock({ $0.keys[blob.keyID] }) else { throw .unknownCiphertextKey }
        return (blob, FoundKey(key: key))
    }

    private static func check(_ context: [String: String]) throws(KeyServiceError) {
        let size = context.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard size <= self.maximumContextBytes else {
            throw .validation("The encryption context may have \(self.maximumContextBytes) bytes.")
        }
    }
}

// MARK: - For S3

extension KeyManager: KeyService {
    package func generateDataKey(
        under key: String?, of account: AccountID, for use: KeyUse
    ) async throws(KeyServiceError) -> DataKey {
        let id = key ?? Self.managedAlias
        let caller = Self.caller(use, account)
        do throws(KeyServiceError) {
            let made = try await self.generateDataKey(SealingKey.byteCount, under: id, context: use.context, caller)
            return DataKey(plaintext: made.plaintext, wrapped: made.sealed.bytes, keyARN: made.sealed.keyARN)
        } catch  where use.isForReplica && error.code == "AccessDeniedException" {
            // Replication takes either permission (live-replication A-33).
            let plaintext = RandomBytes.make(SealingKey.byteCount)
            let sealed = try await self.encrypt(plaintext, under: id, context: use.context, caller)
            return DataKey(plaintext: plaintext, wrapped: sealed.bytes, keyARN: sealed.keyARN)
        }
    }

    package func decrypt(_ wrapped: [UInt8], for use: KeyUse) async throws(KeyServiceError) -> [UInt8] {
        // No key is named, so the account does not matter to finding it.
        let account = use.principal.account?.id ?? AccountID(trusted: "000000000000")
        return try await self.decrypt(wrapped, under: nil, context: use.context, Self.caller(use, account)).bytes
    }

    private static func caller(_ use: KeyUse, _ account: AccountID) -> KeyCaller {
        KeyCaller(
            principal: use.principal, account: account, viaService: use.viaService, context: use.requestContext,
            requestID: use.requestID)
    }
}

/// KMS of a region without a root key.
package struct AbsentKeyService: KeyService {
    package init() {}

    package func generateDataKey(
        under key: String?, of account: AccountID, for use: KeyUse
    ) async throws(KeyServiceError) -> DataKey { throw .noRootKey }

    package func decrypt(_ wrapped: [UInt8], for use: KeyUse) async throws(KeyServiceError) -> [UInt8] {
        throw .noRootKey
    }
}
