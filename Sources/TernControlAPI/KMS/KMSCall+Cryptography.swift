import TernControlPlane
import TernPorts

extension KMSCall {
    private static let algorithm = "SYMMETRIC_DEFAULT"
    private static let ciphertextLength = 1...6144

    func checkGrantTokens() throws(KeyServiceError) {
        let tokens = try self.parameters.texts("GrantTokens", length: 1...8192, count: 0...10)
        try self.keys.check(grantTokens: tokens ?? [])
    }

    private func checkAlgorithm(_ name: String) throws(KeyServiceError) {
        let algorithm = try self.parameters.word(
            name, of: [Self.algorithm, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"])
        guard algorithm ?? Self.algorithm == Self.algorithm else {
            throw KeyServiceError(
                code: "InvalidKeyUsageException",
                message: "\(name) \(algorithm ?? "") is not compatible with key spec SYMMETRIC_DEFAULT.")
        }
    }

    private func context(_ name: String = "EncryptionContext") throws(KeyServiceError) -> [String: String] {
        try self.parameters.map(name) ?? [:]
    }

    private func refuseEnclaves() throws(KeyServiceError) {
        try self.parameters.refuse("Recipient", why: "there are no enclaves.")
    }

    func encrypt() async throws(KeyServiceError) -> JSONOutput {
        let plaintext = try self.parameters.blob("Plaintext", length: 1...4096)
        try self.checkAlgorithm("EncryptionAlgorithm")
        try self.checkGrantTokens()
        let sealed = try await self.keys.encrypt(
            plaintext, under: self.parameters.keyID(), context: self.context(),
            isDryRun: self.parameters.flag("DryRun"), self.caller)
        return .object([
            ("CiphertextBlob", .blob(sealed.bytes)), ("KeyId", .string(sealed.keyARN)),
            ("EncryptionAlgorithm", .string(Self.algorithm)),
        ])
    }

    func decrypt() async throws(KeyServiceError) -> JSONOutput {
        try self.refuseEnclaves()
        try self.parameters.refuse("DryRunModifiers", why: "a ciphertext is always looked at.")
        let blob = try self.parameters.blob("CiphertextBlob", length: Self.ciphertextLength)
        try self.checkAlgorithm("EncryptionAlgorithm")
        try self.checkGrantTokens()
        let opened = try await self.keys.decrypt(
            blob, under: self.parameters.text("KeyId", length: 1...2048), context: self.context(),
            isDryRun: self.parameters.flag("DryRun"), self.caller)
        return .object([
            ("KeyId", .string(opened.keyARN)), ("Plaintext", .blob(opened.bytes)),
            ("EncryptionAlgorithm", .string(Self.algorithm)), ("KeyMaterialId", .string(opened.materialID)),
        ])
    }

    func generateDataKey(showsPlaintext: Bool) async throws(KeyServiceError) -> JSONOutput {
        try self.refuseEnclaves()
        let spec = try self.parameters.word("KeySpec", of: ["AES_256", "AES_128"])
        let byteCount = try self.parameters.integer("NumberOfBytes", in: 1...1024)
        guard (spec == nil) != (byteCount == nil) else {
            throw .validation("Please specify either number of bytes or key spec.")
        }
        try self.checkGrantTokens()
        let made = try await self.keys.generateDataKey(
            byteCount ?? (spec == "AES_128" ? 16 : 32), under: self.parameters.keyID(), context: self.context(),
            action: showsPlaintext ? "GenerateDataKey" : "GenerateDataKeyWithoutPlaintext",
            isDryRun: self.parameters.flag("DryRun"), self.caller)
        return .object([
            ("CiphertextBlob", .blob(made.sealed.bytes)),
            ("Plaintext", showsPlaintext ? .blob(made.plaintext) : nil),
            ("KeyId", .string(made.sealed.keyARN)), ("KeyMaterialId", .string(made.sealed.materialID)),
        ])
    }

    func reEncrypt() async throws(KeyServiceError) -> JSONOutput {
        try self.parameters.refuse("DryRunModifiers", why: "a ciphertext is always looked at.")
        let blob = try self.parameters.blob("CiphertextBlob", length: Self.ciphertextLength)
        try self.checkAlgorithm("SourceEncryptionAlgorithm")
        try self.checkAlgorithm("DestinationEncryptionAlgorithm")
        try self.checkGrantTokens()
        let (source, destination) = try await self.keys.reEncrypt(
            blob, from: self.parameters.text("SourceKeyId", length: 1...2048),
            sourceContext: self.context("SourceEncryptionContext"), to: self.parameters.keyID("DestinationKeyId"),
            destinationContext: self.context("DestinationEncryptionContext"),
            isDryRun: self.parameters.flag("DryRun"), self.caller)
        return .object([
            ("CiphertextBlob", .blob(destination.bytes)), ("SourceKeyId", .string(source.keyARN)),
            ("KeyId", .string(destination.keyARN)), ("SourceEncryptionAlgorithm", .string(Self.algorithm)),
            ("DestinationEncryptionAlgorithm", .string(Self.algorithm)),
            ("SourceKeyMaterialId", .string(source.materialID)),
            ("DestinationKeyMaterialId", .string(destination.materialID)),
        ])
    }

    func generateRandom() async throws(KeyServiceError) -> JSONOutput {
        try self.refuseEnclaves()
        try self.parameters.refuse("CustomKeyStoreId", why: "there are no custom key stores.")
        guard let byteCount = try self.parameters.integer("NumberOfBytes", in: 1...1024) else {
            throw .validation("NumberOfBytes is required.")
        }
        return .object([("Plaintext", .blob(try await self.keys.random(byteCount, self.caller)))])
    }
}
