import Crypto
import FoundationEssentials
import TernCore
import TernPolicy
import TernPorts
import TernRecords

/// A key, ready for use: its record, its policy compiled, its bytes unsealed.
struct ManagedKey: Sendable {
    let record: KeyRecord
    let account: AccountID
    /// `nil` for one that cannot be read, which allows nothing.
    let policy: CompiledPolicy?
    private let identifier: (bytes: [UInt8], isMultiRegion: Bool)
    private let materials: [[UInt8]: SealingKey]
    private let currentMaterialID: [UInt8]
    private let currentMaterial: SealingKey

    var id: String { self.record.id }

    /// - Returns: `nil` if the root key does not open the key's bytes.
    init?(_ record: KeyRecord, rootKey: any RootKey) {
        guard let identifier = KeyIdentifier.bytes(record.id) else { return nil }
        var materials: [[UInt8]: SealingKey] = [:]
        var current: (id: [UInt8], key: SealingKey)?
        for material in record.materials {
            guard let id = [UInt8](hex: material.id.utf8), id.count == KeyMaterial.idByteCount,
                let bytes = rootKey.open(Array(material.sealed), label: KeyMaterial.label(record.id, material.id)),
                let key = SealingKey(bytes: bytes, purpose: "tern-kms-1")
            else { return nil }
            materials[id] = key
            current = (id, key)
        }
        guard let current else { return nil }
        self.record = record
        self.account = AccountID(trusted: record.account)
        self.policy = try? CompiledPolicy(
            json: Array(record.policy.utf8), kind: .key, name: record.id, bindings: record.policyBindings)
        self.identifier = identifier
        self.materials = materials
        self.currentMaterialID = current.id
        self.currentMaterial = current.key
    }

    func encrypt(_ plaintext: [UInt8], context: [String: String]) -> [UInt8] {
        CiphertextBlob.seal(
            plaintext, id: self.identifier, materialID: self.currentMaterialID, key: self.currentMaterial,
            context: context)
    }

    /// `nil` for a blob of another key or context, or one that was changed.
    func decrypt(_ blob: CiphertextBlob, context: [String: String]) -> [UInt8]? {
        guard blob.keyID == self.id, let material = self.materials[blob.materialID] else { return nil }
        return blob.open(with: material, context: context)
    }
}

extension KeyMaterial {
    static let idByteCount = 32

    /// What seals a key's bytes to their place. It names no region: those of a federation share keys and the root key.
    static func label(_ key: String, _ material: String) -> String { "kms/\(key)/\(material)" }

    /// New random bytes for a key, sealed.
    static func make(for key: String, at time: Timestamp, isOnDemand: Bool = false, rootKey: any RootKey) -> KeyMaterial
    {
        var material = KeyMaterial()
        material.id = RandomBytes.make(Self.idByteCount).lowercaseHex
        material.sealed = .init(
            rootKey.seal(RandomBytes.make(SealingKey.byteCount), label: Self.label(key, material.id)))
        material.createdMs = time.milliseconds
        material.isOnDemand = isOnDemand
        return material
    }
}
