import Crypto
import FoundationEssentials
import Synchronization
import TernCore
package import TernPorts

/// What a region encrypts bodies with, and the keys that it has open.
///
/// Data keys of SSE-S3 are made of the root key and a random salt. Those that cannot be made so, because they are there
/// already (copies that take over stored bytes) or are the outer layer of DSSE-KMS, are sealed by a wrapping key, new every
/// hour, which the root key seals.
package final class EncryptionKeys: Sendable {
    /// `nil` where the region has none: then bodies are stored as they are, unless the client brings a key.
    package let rootKey: (any RootKey)?
    package let keyService: (any KeyService)?
    /// The session of a role, by its ARN, that replication asks KMS as; `nil` for a role that does not exist.
    private let rolePrincipal: @Sendable (String) async -> Principal?

    private struct Entry {
        var key: WrappingKey
        var sealed: Data
        var expires: Timestamp
    }

    private struct BucketKeyID: Hashable {
        var bucket: UInt64
        var key: String
        var principal: Principal
        var context: [String: String]
    }

    private struct State {
        var current: Entry?
        var opened: [Data: WrappingKey] = [:]
        var bucketKeys: [BucketKeyID: (entry: Entry, keyARN: String)] = [:]
    }

    private let state = Mutex(State())
    /// What makes data keys of SSE-S3 of their salts, with key and label in it already; `nil` without a root key.
    private let dataKeyDerivation: HMAC<SHA256>?

    package init(
        rootKey: (any RootKey)? = nil, keyService: (any KeyService)? = nil,
        rolePrincipal: @escaping @Sendable (String) async -> Principal? = { _ in nil }
    ) {
        self.rootKey = rootKey
        self.keyService = keyService
        self.rolePrincipal = rolePrincipal
        self.dataKeyDerivation = rootKey.map {
            BodyCipher.derivation(
                "tern-data-key", from: SymmetricKey(data: $0.derive(label: "tern-sse-s3-data-keys")))
        }
    }

    /// The data key of SSE-S3 that belongs to a salt; `nil` without a root key.
    func dataKey(salt: Data) -> BodyCipher? {
        guard var derivation = self.dataKeyDerivation else { return nil }
        derivation.update(data: salt)
        return BodyCipher(inner: SymmetricKey(data: derivation.finalize()))
    }

    /// Whether new objects are under SSE-S3 where nothing else is said.
    package var isOnByDefault: Bool { self.rootKey != nil }

    func replicationCaller(_ roleARN: String) async -> KeyCaller? {
        guard let principal = await self.rolePrincipal(roleARN) else { return nil }
        var caller = KeyCaller(principal)
        caller.isReplicating = true
        return caller
    }

    /// How long new data keys are sealed by one wrapping key of SSE-S3.
    private static let wrappingKeyLifetime = Duration.seconds(3600)
    /// How long a bucket key stays open (KMS-22, KMS-23): so long may a caller go on writing whose permission ended.
    static let bucketKeyLifetime = Duration.seconds(60)
    /// Opened wrapping keys kept; beyond, all are forgotten and opened anew as they are needed.
    private static let maximumOpened = 4096
    private static let label = "tern-sse-s3"

    /// The wrapping key of SSE-S3 for new data keys, with its seal; `nil` without a root key.
    func currentWrappingKey(now: Timestamp) -> (key: WrappingKey, sealed: Data)? {
        guard let rootKey else { return nil }
        return self.state.withLock { state in
            if let current = state.current, current.expires > now { return (current.key, current.sealed) }
            let (key, bytes) = WrappingKey.random()
            let sealed = Data(rootKey.seal(bytes, label: Self.label))
            state.current = Entry(key: key, sealed: sealed, expires: now + Self.wrappingKeyLifetime)
            return (key, sealed)
        }
    }

    /// The wrapping key of this seal; `nil` where the root key did not make it.
    func wrappingKey(sealed: Data) -> WrappingKey? {
        if let known = self.state.withLock({ $0.opened[sealed] }) { return known }
        guard let rootKey, let bytes = rootKey.open(Array(sealed), label: Self.label) else { return nil }
        let key = WrappingKey(bytes)
        self.state.withLock { state in
            if state.opened.count >= Self.maximumOpened { state.opened = [:] }
            state.opened[sealed] = key
        }
        return key
    }

    /// A wrapping key of KMS, as it is kept.
    struct KMSKey: Sendable {
        var key: WrappingKey
        var wrapped: Data
        var keyARN: String
    }

    /// Seals a data key that has to be found again by the region itself.
    func sealWorkingKeys(_ bytes: [UInt8]) -> Data? {
        self.rootKey.map { Data($0.seal(bytes, label: "tern-working-keys")) }
    }

    func openWorkingKeys(_ sealed: Data) -> [UInt8]? {
        self.rootKey?.open(Array(sealed), label: "tern-working-keys")
    }

    /// A wrapping key of KMS for new data keys: one for each body, or with a bucket key one for the many that a caller
    /// writes to a bucket within a minute.
    func makeKMSKey(
        under keyID: String?, of account: AccountID, for use: KeyUse, bucketKeyOf bucket: UInt64?, now: Timestamp
    ) async throws(KeyServiceError) -> KMSKey? {
        guard let keyService else { return nil }
        let cacheID = bucket.map {
            BucketKeyID(
                bucket: $0, key: keyID ?? "\(account)", principal: use.principal, context: use.context)
        }
        if let cacheID {
            let known = self.state.withLock { $0.bucketKeys[cacheID] }
            if let known, known.entry.expires > now {
                return KMSKey(key: known.entry.key, wrapped: known.entry.sealed, keyARN: known.keyARN)
            }
        }
        let made = try await keyService.generateDataKey(under: keyID, of: account, for: use)
        // With a bucket key the role must be able to open it as well (live-replication A-32).
        if use.isForReplica, cacheID != nil { _ = try await keyService.decrypt(made.wrapped, for: use) }
        let key = KMSKey(key: WrappingKey(made.plaintext), wrapped: Data(made.wrapped), keyARN: made.keyARN)
        if let cacheID {
            let entry = Entry(key: key.key, sealed: key.wrapped, expires: now + Self.bucketKeyLifetime)
            self.state.withLock { state in
                if state.bucketKeys.count >= Self.maximumOpened { state.bucketKeys = [:] }
                state.bucketKeys[cacheID] = (entry, key.keyARN)
            }
        }
        return key
    }
}
