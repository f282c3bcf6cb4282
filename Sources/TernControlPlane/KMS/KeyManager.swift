package import Logging
import Synchronization
package import TernCore
package import TernPorts
package import TernRecords
package import TernStorage

/// Why the keys of a region cannot be had.
package enum KeyManagerProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The root key is not the one that this region's data was sealed with.
    case otherRootKey
    case damagedKey(String)
    case storage(String)

    package var description: String {
        switch self {
        case .otherRootKey:
            "the root key is not the one that this region's data was sealed with; configure that one"
        case .damagedKey(let id): "the record of the key \(id) is damaged"
        case .storage(let message): "the keys cannot be read: \(message)"
        }
    }
}

/// Who asks KMS for something.
package struct KeyCaller: Sendable {
    package var principal: Principal
    /// Whose keys and aliases are meant where no ARN says so.
    package var account: AccountID
    /// `s3.REGION.amazonaws.com` where S3 asks on behalf of the principal.
    package var viaService: String?
    /// Global condition keys.
    package var context: [String: [String]]
    /// Under which the client was answered; empty where the server acts by itself.
    package var requestID: String

    package init(
        principal: Principal, account: AccountID, viaService: String? = nil, context: [String: [String]] = [:],
        requestID: String = ""
    ) {
        self.requestID = requestID
        self.principal = principal
        self.account = account
        self.viaService = viaService
        self.context = context
    }
}

/// KMS of a region: its keys, aliases and grants (specification §7).
///
/// All of them are in memory; a change is one commit, behind which memory follows. Reads and cryptography wait for
/// nothing.
package final class KeyManager: Sendable {
    package struct Limits: Sendable {
        package var keysPerAccount = 10_000
        package var aliasesPerKey = 50
        package var grantsPerKey = 1000
        package var tagsPerKey = 50

        package init() {}
    }

    package let region: RegionName
    let rootKey: any RootKey
    let store: KeyStore
    let table = Mutex(KeyTable())
    let authorizer: any Authorizer
    let identities: any IdentityStore
    let principals: any PrincipalDirectory
    let wall: any WallClock
    let limits: Limits
    let logger: Logger

    /// Keys that are due to be deleted and still needed, with the time to ask again.
    let postponed = Mutex<[String: Timestamp]>([:])

    /// The other regions; `nil` before the region is connected to them.
    let peers = Mutex<(any KeyPeers)?>(nil)

    private let writing = AsyncLock()
    /// Whether a commit failed, so that the rows may differ from memory.
    private let isUncertain = Mutex(false)

    private static let rootKeyLabel = "root-key-check"
    private static let rootKeyText = Array("tern".utf8)

    private init(
        region: RegionName, rootKey: any RootKey, store: KeyStore, authorizer: any Authorizer,
        identities: any IdentityStore, principals: any PrincipalDirectory, wall: any WallClock, limits: Limits,
        logger: Logger
    ) {
        self.region = region
        self.rootKey = rootKey
        self.store = store
        self.authorizer = authorizer
        self.identities = identities
        self.principals = principals
        self.wall = wall
        self.limits = limits
        self.logger = logger
    }

    /// Reads the keys of a region.
    ///
    /// - Parameter principals: The users and roles that key policies may name.
    package static func open(
        region: RegionName, rootKey: any RootKey, metadata: any MetadataStore, authorizer: any Authorizer,
        identities: any IdentityStore, principals: any PrincipalDirectory, wall: any WallClock,
        limits: Limits = Limits(), logger: Logger
    ) async throws(KeyManagerProblem) -> KeyManager {
        let store = KeyStore(metadata: metadata)
        let manager = KeyManager(
            region: region, rootKey: rootKey, store: store, authorizer: authorizer, identities: identities,
            principals: principals, wall: wall, limits: limits, logger: logger)
        do {
            if let check = try await store.rootKeyCheck() {
                guard rootKey.open(check, label: Self.rootKeyLabel) == Self.rootKeyText else {
                    throw KeyManagerProblem.otherRootKey
                }
            } else {
                try await store.putRootKeyCheck(rootKey.seal(Self.rootKeyText, label: Self.rootKeyLabel))
            }
            try await manager.load()
        } catch let error as KeyManagerProblem {
            throw error
        } catch {
            throw .storage("\(error)")
        }
        return manager
    }

    private func load() async throws {
        var read = KeyTable()
        for record in try await self.store.keys() {
            guard let key = ManagedKey(record, rootKey: self.rootKey) else {
                throw KeyManagerProblem.damagedKey(record.id)
            }
            if key.policy == nil {
                self.logger.error(
                    "the policy of a key cannot be read; it allows nothing", metadata: ["key": "\(key.id)"])
            }
            read.put(key)
        }
        for alias in try await self.store.aliases() { read.put(alias) }
        for grant in try await self.store.grants() { read.put(grant) }
        let table = read
        self.table.withLock { $0 = table }
    }

    // MARK: Writing

    /// Decides on changes by what memory has, commits them, and puts them into memory; one such task at a time.
    func write<Result: Sendable>(
        _ decide: (KeyTable) throws(KeyServiceError) -> (changes: [KeyStore.Change], result: Result)
    ) async throws(KeyServiceError) -> Result {
        await self.writing.acquire()
        defer { self.writing.release() }
        if self.isUncertain.withLock({ $0 }) {
            do {
                try await self.load()
            } catch {
                throw self.failure("the keys cannot be read", error)
            }
            self.isUncertain.withLock { $0 = false }
        }
        let (changes, result) = try self.table.withLock { table throws(KeyServiceError) in try decide(table) }
        if changes.isEmpty { return result }
        var keys: [ManagedKey] = []
        for case .putKey(let record) in changes {
            guard let key = ManagedKey(record, rootKey: self.rootKey) else {
                throw .internalFailure("The key cannot be used.")
            }
            keys.append(key)
        }
        do {
            try await self.store.commit(changes)
        } catch {
            self.isUncertain.withLock { $0 = true }
            throw self.failure("a change of keys cannot be stored", error)
        }
        let made = keys
        self.table.withLock { table in
            for key in made { table.put(key) }
            for change in changes {
                switch change {
                case .putKey: break
                case .removeKey(let id): table.removeKey(id)
                case .putAlias(let alias): table.put(alias)
                case .removeAlias(let account, let name):
                    table.removeAlias(KeyTable.AliasName(account: AccountID(trusted: account), name: name))
                case .putGrant(let grant): table.put(grant)
                case .removeGrant(let key, let id): table.removeGrant(key: key, id: id)
                }
            }
        }
        return result
    }

    /// Changes the record of a key that was found before.
    func modify<Result: Sendable>(
        _ id: String, _ change: (inout KeyRecord) throws(KeyServiceError) -> Result
    ) async throws(KeyServiceError) -> Result {
        try await self.write { table throws(KeyServiceError) in
            guard let key = table.keys[id] else { throw self.noSuchKey(id) }
            var record = key.record
            let result = try change(&record)
            return (record == key.record ? [] : [.putKey(record)], result)
        }
    }

    /// The error for a key that is gone since it was found.
    private func noSuchKey(_ id: String) -> KeyServiceError { .invalidKeyID(id) }

    private func failure(_ what: String, _ error: any Error) -> KeyServiceError {
        self.logger.error("\(what)", metadata: ["error": "\(error)"])
        return .internalFailure("The request could not be carried out. Please retry.")
    }

    // MARK: Names

    package func arn(of record: KeyRecord) -> String {
        KeyIdentifier.arn(key: record.id, account: AccountID(trusted: record.account), region: self.region)
    }

    package func aliasARN(_ name: String, _ account: AccountID) -> String {
        KeyIdentifier.arn(alias: name, account: account, region: self.region)
    }

    func now() -> Timestamp { self.wall.now }
}
