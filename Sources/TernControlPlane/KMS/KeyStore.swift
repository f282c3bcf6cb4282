import SwiftProtobuf
import TernCore
import TernRecords
import TernStorage

/// The rows of KMS, in this region's directory partition. One process writes them.
struct KeyStore: Sendable {
    private let metadata: any MetadataStore

    init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    private enum Row {
        /// `K` key ID: a ``KeyRecord``.
        static let key = UInt8(ascii: "K")
        /// `A` account alias: a ``KeyAliasRecord``.
        static let alias = UInt8(ascii: "A")
        /// `G` key ID NUL grant ID: a ``KeyGrantRecord``.
        static let grant = UInt8(ascii: "G")
        /// `R`: what tells whether a root key is the region's.
        static let rootKeyCheck = [UInt8(ascii: "R")]

        static func key(_ id: String) -> [UInt8] { [self.key] + Array(id.utf8) }
        static func alias(_ account: String, _ name: String) -> [UInt8] {
            [self.alias] + Array(account.utf8) + Array(name.utf8)
        }
        static func grant(_ key: String, _ id: String) -> [UInt8] {
            [self.grant] + Array(key.utf8) + [0] + Array(id.utf8)
        }
    }

    enum Change: Sendable {
        case putKey(KeyRecord)
        case removeKey(id: String)
        case putAlias(KeyAliasRecord)
        case removeAlias(account: String, name: String)
        case putGrant(KeyGrantRecord)
        case removeGrant(key: String, id: String)
    }

    /// Applies the changes together or not at all.
    ///
    /// After an error, whether they were made is not known before the rows are read again.
    func commit(_ changes: [Change]) async throws {
        var batch = MetadataBatch(partition: .directory)
        for change in changes {
            switch change {
            case .putKey(let record): batch.put(Row.key(record.id), try record.serializedBytes())
            case .removeKey(let id): batch.delete(Row.key(id))
            case .putAlias(let record): batch.put(Row.alias(record.account, record.name), try record.serializedBytes())
            case .removeAlias(let account, let name): batch.delete(Row.alias(account, name))
            case .putGrant(let record): batch.put(Row.grant(record.keyID, record.id), try record.serializedBytes())
            case .removeGrant(let key, let id): batch.delete(Row.grant(key, id))
            }
        }
        try await self.metadata.commit(batch)
    }

    func keys() async throws -> [KeyRecord] { try await self.records(Row.key) }
    func aliases() async throws -> [KeyAliasRecord] { try await self.records(Row.alias) }
    func grants() async throws -> [KeyGrantRecord] { try await self.records(Row.grant) }

    private func records<Record: SwiftProtobuf.Message>(_ letter: UInt8) async throws -> [Record] {
        let pageSize = 1000
        var range = KeyRange(prefix: [letter])
        var records: [Record] = []
        while true {
            let page = try await self.metadata.scan(range, in: .directory, limit: pageSize)
            for entry in page { records.append(try Record(serializedBytes: entry.value)) }
            guard page.count == pageSize, let last = page.last else { return records }
            range.lower = last.key + [0]
        }
    }

    func rootKeyCheck() async throws -> [UInt8]? { try await self.metadata.get(Row.rootKeyCheck, in: .directory) }

    func putRootKeyCheck(_ value: [UInt8]) async throws {
        var batch = MetadataBatch(partition: .directory)
        batch.put(Row.rootKeyCheck, value)
        try await self.metadata.commit(batch)
    }
}
