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
        var page = ListPage<ListedVersion>()
        guard query.limit > 0 else { return page }
        var merge = VersionMerge(service: self, bucket: bucket, prefix: query.prefix)
        try await merge.seek(to: start)
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
private struct VersionMerge {
    private let service: ObjectService
    private let bucket: BucketState
    private var heads: RowCursor
    private var older: RowCursor
    private var lastHead: (key: ObjectKey, version: VersionID)?

    init(service: ObjectService, bucket: BucketState, prefix: [UInt8]) {
        self.service = service
        self.bucket = bucket
        self.heads = RowCursor(table: .head, prefix: prefix)
        self.older = RowCursor(table: .noncurrent, prefix: prefix)
    }

    mutating func seek(to start: VersionListStart) async throws(S3Error) {
        switch start {
        case .beginning:
            break
        case .afterKey(let key):
            self.heads.move(to: [Keyspace.Table.head.rawValue] + key + [0])
            // Behind every version of the key, which all begin with the key and a NUL.
            self.older.move(to: [Keyspace.Table.noncurrent.rawValue] + key + [1])
        case .afterPrefix(let prefix):
            self.skip(prefix: prefix)
        case .afterVersion(let key, let reference):
            self.heads.move(to: Keyspace.head(key) + [0])
            try await self.seekOlder(key: key, reference: reference)
        }
    }

    private mutating func seekOlder(key: ObjectKey, reference: VersionReference) async throws(S3Error) {
        switch reference {
        case .id(let id):
            self.older.move(to: Keyspace.noncurrent(key, id) + [0])
        case .null:
            // The place of the null version in the stack is known only while it exists; if it was removed, go on with
            // the next key rather than show versions twice.
            if let version = try await self.service.version(.null, of: key, in: self.bucket) {
                self.older.move(to: Keyspace.noncurrent(key, version.record.versionID) + [0])
            } else {
                self.older.move(to: [Keyspace.Table.noncurrent.rawValue] + key.bytes + [1])
            }
        }
    }

    mutating func skip(prefix: [UInt8]) {
        self.heads.move(toOptional: KeyRange.end(ofPrefix: [Keyspace.Table.head.rawValue] + prefix))
        self.older.move(toOptional: KeyRange.end(ofPrefix: [Keyspace.Table.noncurrent.rawValue] + prefix))
    }

    mutating func next() async throws(S3Error) -> ListedVersion? {
        let head = try await self.heads.peek(self.service, self.bucket)
        let old = try await self.older.peek(self.service, self.bucket)
        let headKey = head.map { Keyspace.objectKey(ofHeadRow: $0.key) }
        let oldKey = old.flatMap { Keyspace.objectKeyAndVersion(ofNoncurrentRow: $0.key)?.0 }
        if let head, let headKey, oldKey.map({ headKey <= $0 }) ?? true {
            self.heads.advance()
            let record: VersionRecord = try decodeRecord(head.value)
            self.lastHead = (headKey, record.versionID)
            return ListedVersion(key: headKey, record: record, isLatest: true)
        }
        if let old, let (oldKey, oldVersion) = Keyspace.objectKeyAndVersion(ofNoncurrentRow: old.key) {
            self.older.advance()
            // A head that became noncurrent between the two reads would show twice.
            if let lastHead, lastHead == (oldKey, oldVersion) { return try await self.next() }
            return ListedVersion(key: oldKey, record: try decodeRecord(old.value), isLatest: false)
        }
        return nil
    }
}

/// Reads a table forward in batches.
private struct RowCursor {
    private static let batchSize = 256

    private var from: [UInt8]?
    private let end: [UInt8]?
    private var rows: ArraySlice<KeyValue> = []

    init(table: Keyspace.Table, prefix: [UInt8]) {
        self.from = [table.rawValue] + prefix
        self.end = KeyRange.end(ofPrefix: [table.rawValue] + prefix)
    }

    /// Goes forward to `row`, never back.
    mutating func move(to row: [UInt8]) {
        while let first = self.rows.first, first.key.lexicographicallyPrecedes(row) {
            self.rows = self.rows.dropFirst()
        }
        if self.rows.isEmpty, let from = self.from, from.lexicographicallyPrecedes(row) { self.from = row }
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

    mutating func peek(_ service: ObjectService, _ bucket: BucketState) async throws(S3Error) -> KeyValue? {
        if self.rows.isEmpty, let from = self.from {
            let batch = try await service.metadata.entries(
                KeyRange(from: from, to: self.end), in: bucket.partition, limit: Self.batchSize)
            self.rows = batch[...]
            self.from = batch.count < Self.batchSize ? nil : batch.last.map { $0.key + [0] }
        }
        return self.rows.first
    }

    mutating func advance() {
        self.rows = self.rows.dropFirst()
    }
}
