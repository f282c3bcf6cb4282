import SwiftProtobuf
import TernCore
package import TernPorts
package import TernRecords

/// All of IAM at one moment. Changes are planned on it as pure functions (``IAMPlan``), and made by applying rows: the same
/// way in the home region and in those that follow.
package struct IAMState: ControlState {
    /// Grows with every change.
    private(set) var generation: UInt64 = 0
    package private(set) var users = IAMTable<IAMUserRecord>()
    package private(set) var groups = IAMTable<IAMGroupRecord>()
    package private(set) var roles = IAMTable<IAMRoleRecord>()
    package private(set) var policies = IAMTable<IAMPolicyRecord>()
    package private(set) var instanceProfiles = IAMTable<IAMInstanceProfileRecord>()
    package private(set) var oidcProviders = IAMTable<IAMOIDCProviderRecord>()
    private(set) var accountRecords: [String: AccountRecord] = [:]
    /// Keys of users and of the roots of accounts that have a row, by their ID.
    package private(set) var accessKeys: [String: IAMCredential] = [:]

    /// By the ID of an access key or role.
    package private(set) var uses: [String: IAMUseRecord] = [:]

    private let configured: [String: Account]
    private let rootKey: (any RootKey)?

    /// - Parameters:
    ///   - configured: The accounts of the configuration.
    ///   - rootKey: Opens the secrets of access keys; without one, none works.
    package init(configured: [Account], rootKey: (any RootKey)?) {
        self.configured = Dictionary(configured.map { ($0.id.description, $0) }) { first, _ in first }
        self.rootKey = rootKey
    }

    // MARK: Accounts

    package func account(_ id: String) -> Account? {
        if let account = self.configured[id] { return account }
        guard let record = self.accountRecords[id], !record.canonicalID.isEmpty else { return nil }
        return record.account
    }

    package func account(canonicalID: String) -> Account? {
        guard !canonicalID.isEmpty else { return nil }
        if let account = self.configured.values.first(where: { $0.canonicalID == canonicalID }) { return account }
        return self.accountRecords.values.first { $0.canonicalID == canonicalID }?.account
    }

    /// Those of the configuration and those that were made, in the order of their IDs.
    package var accounts: [Account] {
        let made = self.accountRecords.values.filter { !$0.canonicalID.isEmpty && self.configured[$0.id] == nil }
        return (self.configured.values + made.map(\.account)).sorted { $0.id < $1.id }
    }

    package func alias(of account: String) -> String? {
        self.accountRecords[account].flatMap { $0.alias.isEmpty ? nil : $0.alias }
    }

    /// When it was made; 0 for one of the configuration.
    package func createdMs(of account: String) -> Int64 { self.accountRecords[account]?.createdMs ?? 0 }

    // MARK: Rows

    /// The key of every row begins so; it alone is the key of the generation.
    static let prefix = Array("iam".utf8)

    static let accountLetter = UInt8(ascii: "a")

    static func key(_ letter: UInt8, _ id: String) -> [UInt8] { self.prefix + [0, letter] + Array(id.utf8) }

    /// Takes a row as it is now.
    ///
    /// - Throws: When the row's value is not what it should be.
    mutating func apply(_ key: [UInt8], _ value: [UInt8]?) throws {
        guard key.starts(with: Self.prefix) else { return }
        let rest = key.dropFirst(Self.prefix.count)
        if rest.isEmpty {
            self.generation = UInt64(bigEndianBytes: value ?? [])
            return
        }
        guard rest.first == 0, let letter = rest.dropFirst().first else { return }
        let id = String(decoding: rest.dropFirst(2), as: UTF8.self)
        switch letter {
        case IAMUserRecord.letter:
            let record = try value.map { try IAMUserRecord(serializedBytes: $0) }
            self.replaceKeys(self.users[id: id]?.accessKeys ?? [], by: record?.accessKeys ?? [], of: .user(id))
            if let record { self.users.put(record) } else { self.users.remove(id) }
        case IAMGroupRecord.letter:
            if let value { self.groups.put(try IAMGroupRecord(serializedBytes: value)) } else { self.groups.remove(id) }
        case IAMRoleRecord.letter:
            if let value { self.roles.put(try IAMRoleRecord(serializedBytes: value)) } else { self.roles.remove(id) }
        case IAMPolicyRecord.letter:
            if let value {
                self.policies.put(try IAMPolicyRecord(serializedBytes: value))
            } else {
                self.policies.remove(id)
            }
        case IAMInstanceProfileRecord.letter:
            if let value {
                self.instanceProfiles.put(try IAMInstanceProfileRecord(serializedBytes: value))
            } else {
                self.instanceProfiles.remove(id)
            }
        case IAMOIDCProviderRecord.letter:
            if let value {
                self.oidcProviders.put(try IAMOIDCProviderRecord(serializedBytes: value))
            } else {
                self.oidcProviders.remove(id)
            }
        case Self.useLetter:
            self.uses[id] = try value.map { try IAMUseRecord(serializedBytes: $0) }
        case Self.accountLetter:
            let record = try value.map { try AccountRecord(serializedBytes: $0) }
            self.replaceKeys(self.accountRecords[id]?.accessKeys ?? [], by: record?.accessKeys ?? [], of: .root(id))
            self.accountRecords[id] = record
        default:
            break
        }
    }

    private mutating func replaceKeys(
        _ old: [IAMAccessKey], by new: [IAMAccessKey], of owner: IAMCredential.Owner
    ) {
        for key in old { self.accessKeys[key.id] = nil }
        for key in new {
            let secret = self.rootKey?.open(Array(key.sealedSecret), label: IAMCredential.label(key.id))
            self.accessKeys[key.id] = IAMCredential(
                owner: owner, isActive: !key.isInactive, secret: secret.map { String(decoding: $0, as: UTF8.self) })
        }
    }
}

/// An access key, its secret opened.
package struct IAMCredential: Hashable, Sendable {
    package enum Owner: Hashable, Sendable {
        /// By ID.
        case user(String)
        /// By account.
        case root(String)
    }

    package var owner: Owner
    package var isActive: Bool
    /// `nil` when it was sealed under another root key than this region's.
    package var secret: String?

    /// What the secret is sealed with, beside the root key (ACC-8).
    static func label(_ keyID: String) -> String { "iam-access-key:" + keyID }
}

extension AccountRecord {
    var account: Account {
        Account(
            id: AccountID(trusted: self.id), canonicalID: self.canonicalID, displayName: self.displayName,
            email: self.email)
    }
}
