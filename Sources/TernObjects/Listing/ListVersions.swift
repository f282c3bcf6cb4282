package import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// Where a page of versions begins.
package enum VersionListStart: Sendable {
    case beginning
    /// At the first key behind this one: `key-marker` alone.
    case afterKey([UInt8])
    /// Behind this version of the key: `key-marker` with `version-id-marker`.
    case afterVersion(key: ObjectKey, VersionReference)
    /// Behind this version of the key, by the identity that the null version has too.
    case afterIdentity(key: ObjectKey, VersionID)
    /// Behind every key with this prefix.
    case afterPrefix([UInt8])
}

extension ObjectService {
    /// One page of all versions and delete markers, newest first under each key (spec rule LST-7).
    ///
    /// Head rows and noncurrent rows are two ranges in the order of keys; the page is their merge.
    package func listVersions(
        _ query: ListQuery,
        from start: VersionListStart,
        in bucket: BucketState
    ) async throws(S3Error) -> ListPage<ListedVersion> {
        guard query.limit > 0 else { return ListPage<ListedVersion>() }
        return try await ListingRows.now(self.metadata, bucket.partition)
            .versions(query, from: try await self.resolved(start, in: bucket))
    }

    /// The place of the null version in the stack is known only while it exists; if it was removed, the list goes on with
    /// the next key rather than show versions twice.
    private func resolved(
        _ start: VersionListStart, in bucket: BucketState
    ) async throws(S3Error) -> VersionWalkStart {
        switch start {
        case .beginning: return .beginning
        case .afterKey(let key): return .afterKey(key)
        case .afterPrefix(let prefix): return .afterPrefix(prefix)
        case .afterIdentity(let key, let id), .afterVersion(let key, .id(let id)):
            return .afterIdentity(key: key, id)
        case .afterVersion(let key, .null):
            guard let version = try await self.version(.null, of: key, in: bucket) else { return .afterKey(key.bytes) }
            return .afterIdentity(key: key, version.record.versionID)
        }
    }
}

/// A ``VersionListStart`` of which the place among the rows is known.
enum VersionWalkStart: Sendable {
    case beginning
    case afterKey([UInt8])
    case afterIdentity(key: ObjectKey, VersionID)
    case afterPrefix([UInt8])
}

extension ListingRows {
    func versions(_ query: ListQuery, from start: VersionWalkStart) async throws(S3Error) -> ListPage<ListedVersion> {
        var page = ListPage<ListedVersion>()
        guard query.limit > 0 else { return page }
        var merge = VersionMerge(rows: self, prefix: query.prefix)
        merge.seek(to: start)
        while let next = try await merge.next() {
            if page.entries.count == query.limit {
                page.isTruncated = true
                return page
            }
            if let prefix = query.commonPrefix(of: next.key.bytes) {
                page.entries.append(.commonPrefix(prefix))
                merge.skip(prefix: prefix)
            } else {
                page.entries.append(.item(next))
            }
        }
        return page
    }
}

/// Walks the head rows and the noncurrent rows of a bucket together.
///
/// Both are read as of one moment, and both anew when either is used up. A delete of a key's head makes the version below
/// the head, which moves it from one table to the other; so a new reading begins at the head row of the last key again,
/// and what was given before is left out by its version ID.
private struct VersionMerge {
    private static let batchSizes = 8...256

    private let rows: ListingRows
    private var heads: RowCursor
    private var older: RowCursor
    /// Rows read at once: few behind a common prefix, because the next one may end right there; then twice as many.
    private var batchSize = Self.batchSizes.upperBound
    /// The last version that was given, or that the list begins behind: of its key only older ones follow.
    private var floor: (key: ObjectKey, version: VersionID)?

    init(rows: ListingRows, prefix: [UInt8]) {
        self.rows = rows
        self.heads = RowCursor(table: .head, prefix: prefix)
        self.older = RowCursor(table: .noncurrent, prefix: prefix)
    }

    mutating func seek(to start: VersionWalkStart) {
        switch start {
        case .beginning:
            break
        case .afterKey(let key):
            self.skipKey(key)
        case .afterPrefix(let prefix):
            self.skip(prefix: prefix)
        case .afterIdentity(let key, let id):
            self.heads.move(to: Keyspace.head(key))
            self.floor = (key, id)
            self.older.move(to: Keyspace.noncurrent(key, id) + [0])
        }
    }

    private mutating func skipKey(_ key: [UInt8]) {
        self.heads.move(to: [Keyspace.Table.head.rawValue] + key + [0])
        // Behind every version of the key, which all begin with the key and a NUL.
        self.older.move(to: [Keyspace.Table.noncurrent.rawValue] + key + [1])
    }

    mutating func skip(prefix: [UInt8]) {
        self.floor = nil
        self.batchSize = Self.batchSizes.lowerBound
        self.heads.move(toOptional: KeyRange.end(ofPrefix: [Keyspace.Table.head.rawValue] + prefix))
        self.older.move(toOptional: KeyRange.end(ofPrefix: [Keyspace.Table.noncurrent.rawValue] + prefix))
    }

    mutating func next() async throws(S3Error) -> ListedVersion? {
        while true {
            if self.heads.needsRows || self.older.needsRows { try await self.readBoth() }
            let head = self.heads.first
            let old = self.older.first
            let headKey = head.map { Keyspace.objectKey(ofHeadRow: $0.key) }
            let oldKey = old.flatMap { Keyspace.objectKeyAndVersion(ofNoncurrentRow: $0.key)?.0 }
            if let head, let headKey, oldKey.map({ headKey <= $0 }) ?? true {
                self.heads.advance()
                let record: VersionRecord = try decodeRecord(head.value)
                if let floor, floor.key == headKey, record.versionID >= floor.version { continue }
                self.floor = (headKey, record.versionID)
                return ListedVersion(key: headKey, record: record, isLatest: true)
            }
            guard let old, let (key, version) = Keyspace.objectKeyAndVersion(ofNoncurrentRow: old.key) else {
                return nil
            }
            self.older.advance()
            if let floor, floor.key == key, version >= floor.version { continue }
            self.floor = (key, version)
            return ListedVersion(key: key, record: try decodeRecord(old.value), isLatest: false)
        }
    }

    private mutating func readBoth() async throws(S3Error) {
        if let floor { self.heads.goBack(to: Keyspace.head(floor.key)) }
        let found = try await self.rows.entries([self.heads.range, self.older.range], limit: self.batchSize)
        self.heads.take(found[0], limit: self.batchSize)
        self.older.take(found[1], limit: self.batchSize)
        self.batchSize = min(self.batchSize * 2, Self.batchSizes.upperBound)
    }
}

/// A place in a table, and the rows behind it that were read.
private struct RowCursor {
    /// The first row that is wanted; `nil` behind the last.
    private var from: [UInt8]?
    private let start: [UInt8]
    private let end: [UInt8]?
    private var rows: ArraySlice<KeyValue> = []
    /// Whether rows may follow those that were read.
    private var hasMore = true

    init(table: Keyspace.Table, prefix: [UInt8]) {
        self.start = [table.rawValue] + prefix
        self.from = self.start
        self.end = KeyRange.end(ofPrefix: [table.rawValue] + prefix)
    }

    /// What is to be read; empty behind the last row.
    var range: KeyRange { KeyRange(from: self.from ?? self.end ?? [255], to: self.end ?? [255]) }
    var needsRows: Bool { self.rows.isEmpty && self.hasMore && self.from != nil }
    var first: KeyValue? { self.rows.first }

    mutating func take(_ rows: [KeyValue], limit: Int) {
        self.rows = rows[...]
        self.hasMore = rows.count == limit
    }

    mutating func advance() {
        if let row = self.rows.popFirst() { self.from = row.key + [0] }
    }

    /// Goes forward to `row`, never back.
    mutating func move(to row: [UInt8]) {
        while let first = self.rows.first, first.key.lexicographicallyPrecedes(row) {
            self.rows = self.rows.dropFirst()
        }
        if let from = self.from, from.lexicographicallyPrecedes(row) { self.from = row }
    }

    /// Goes back to `row`, which stands before the place where the cursor is; what was read is forgotten.
    mutating func goBack(to row: [UInt8]) {
        guard !row.lexicographicallyPrecedes(self.start) else { return }
        if let from = self.from, from.lexicographicallyPrecedes(row) { return }
        self.from = row
    }

    /// Goes forward to `row`, or behind the last row if there is none.
    mutating func move(toOptional row: [UInt8]?) {
        if let row {
            self.move(to: row)
        } else {
            self.rows = []
            self.from = nil
        }
    }
}
