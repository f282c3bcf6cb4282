import TernControlPlane
import TernCore
import TernPorts
import TernRecords

extension KMSCall {
    private static let principalLength = 1...256

    /// Those of other keys than symmetric ones too: they are words of the model, and cannot be granted here.
    private static let operations =
        KeyManager.grantableOperations.sorted() + [
            "Sign", "Verify", "GetPublicKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
            "GenerateMac", "VerifyMac", "DeriveSharedSecret",
        ]

    func createGrant() async throws(KeyServiceError) -> JSONOutput {
        let id = try self.parameters.keyID()
        let grantee = try self.parameters.required("GranteePrincipal", length: Self.principalLength)
        let operations = try self.parameters.texts("Operations", length: 1...64) ?? []
        guard !operations.isEmpty else {
            throw .constraint("operations", "not be null")
        }
        if let unknown = operations.first(where: { !Self.operations.contains($0) }) {
            throw .constraint(
                "operations", "satisfy enum value set: [\(Self.operations.joined(separator: ", "))]", value: unknown)
        }
        if let other = operations.first(where: { !KeyManager.grantableOperations.contains($0) }) {
            throw .validation("The operation \(other) is not valid for a grant on a symmetric encryption key.")
        }
        var new = NewGrant(grantee: grantee, operations: operations)
        new.name = try self.parameters.text("Name", length: 1...256) ?? ""
        new.retiringPrincipal = try self.parameters.text("RetiringPrincipal", length: Self.principalLength)
        if let constraints = try self.parameters.structure("Constraints") {
            new.contextSubset = try constraints.map("EncryptionContextSubset")
            new.contextEquality = try constraints.map("EncryptionContextEquals")
        }
        try self.checkGrantTokens()
        let grant = try await self.keys.createGrant(
            new, on: id, isDryRun: self.parameters.flag("DryRun"), self.caller)
        return .object([("GrantToken", .string(self.keys.token(of: grant))), ("GrantId", .string(grant.id))])
    }

    func listGrants() async throws(KeyServiceError) -> JSONOutput {
        let page = try await self.keys.grants(
            of: self.parameters.keyID(), grantID: self.parameters.text("GrantId", length: 1...128),
            grantee: self.parameters.text("GranteePrincipal", length: Self.principalLength),
            self.parameters.page(standardLimit: 50), self.caller)
        return Self.page("Grants", page, self.grant)
    }

    func listRetirableGrants() async throws(KeyServiceError) -> JSONOutput {
        let page = try await self.keys.retirableGrants(
            by: self.parameters.required("RetiringPrincipal", length: Self.principalLength),
            self.parameters.page(standardLimit: 50), self.caller)
        return Self.page("Grants", page, self.grant)
    }

    func revokeGrant() async throws(KeyServiceError) {
        let id = try self.parameters.keyID()
        let grant = try self.parameters.required("GrantId", length: 1...128)
        try await self.keys.revokeGrant(grant, of: id, isDryRun: self.parameters.flag("DryRun"), self.caller)
    }

    func retireGrant() async throws(KeyServiceError) {
        try await self.keys.retireGrant(
            token: self.parameters.text("GrantToken", length: 1...8192),
            key: self.parameters.text("KeyId", length: 1...2048),
            grantID: self.parameters.text("GrantId", length: 1...128), isDryRun: self.parameters.flag("DryRun"),
            self.caller)
    }

    private func grant(_ grant: KeyGrantRecord) -> JSONOutput {
        var constraints: [(name: String, value: JSONOutput?)] = []
        if grant.needsContextSubset { constraints.append(("EncryptionContextSubset", .map(grant.contextSubset))) }
        if grant.needsContextEquality { constraints.append(("EncryptionContextEquals", .map(grant.contextEquality))) }
        return .object([
            ("KeyId", .string(self.keys.keyARN(of: grant))),
            ("GrantId", .string(grant.id)),
            ("Name", .string(grant.name)),
            ("CreationDate", .time(Timestamp(milliseconds: grant.createdMs))),
            ("GranteePrincipal", .string(grant.grantee)),
            ("RetiringPrincipal", grant.retiringPrincipal.isEmpty ? nil : .string(grant.retiringPrincipal)),
            ("IssuingAccount", .string(grant.issuingAccount)),
            ("Operations", .strings(grant.operations)),
            ("Constraints", constraints.isEmpty ? nil : .object(constraints)),
        ])
    }
}
