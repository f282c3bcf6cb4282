import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// Where a page of objects begins.
package enum ListStart: Sendable {
    case beginning
    /// Behind this key, which need not exist.
    case after([UInt8])
    /// Behind every key with this prefix.
    case afterPrefix([UInt8])
}

extension ObjectService {
    /// One page of the current objects of a bucket, in the order of their keys' bytes (spec §4.4).
    ///
    /// It walks the head rows only, so noncurrent versions cost nothing, and leaps over each common prefix.
    package func listObjects(
        _ query: ListQuery,
        from start: ListStart,
        in bucket: BucketState
    ) async throws(S3Error) -> ListPage<ListedVersion> {
        try await ListingRows.now(self.metadata, bucket.partition).objects(query, from: start)
    }
}

extension ListingRows {
    func objects(_ query: ListQuery, from start: ListStart) async throws(S3Error) -> ListPage<ListedVersion> {
        var page = ListPage<ListedVersion>()
        guard query.limit > 0 else { return page }
        var cursor = Self.firstRow(query, start)
        let end = KeyRange.end(ofPrefix: [Keyspace.Table.head.rawValue] + query.prefix)
        // Few rows behind a common prefix, because the next one may end right there; then twice as many.
        var batchLimit = Self.listBatches.upperBound
        while let from = cursor {
            let batchSize = min(batchLimit, max(query.limit - page.entries.count + 1, 16))
            batchLimit = min(batchLimit * 2, Self.listBatches.upperBound)
            let rows = try await self.entries(KeyRange(from: from, to: end), limit: batchSize)
            cursor = rows.count < batchSize ? nil : rows.last.map { $0.key + [0] }
            rows: for row in rows {
                if VersionRecord.isDeleteMarker(encoded: row.value) == true { continue }
                let key = Keyspace.objectKey(ofHeadRow: row.key)
                let record: VersionRecord = try decodeRecord(row.value)
                if record.isDeleteMarker { continue }
                if page.entries.count == query.limit {
                    page.isTruncated = true
                    return page
                }
                if let prefix = query.commonPrefix(of: key.bytes) {
                    page.entries.append(.commonPrefix(prefix))
                    cursor = KeyRange.end(ofPrefix: [Keyspace.Table.head.rawValue] + prefix)
                    batchLimit = Self.listBatches.lowerBound
                    break rows
                }
                page.entries.append(.item(ListedVersion(key: key, record: record, isLatest: true)))
            }
        }
        return page
    }

    /// Rows read at once.
    private static let listBatches = 4...1001

    private static func firstRow(_ query: ListQuery, _ start: ListStart) -> [UInt8]? {
        let table = Keyspace.Table.head.rawValue
        let prefixStart = [table] + query.prefix
        let wanted: [UInt8]?
        switch start {
        case .beginning: wanted = prefixStart
        case .after(let key): wanted = [table] + key + [0]
        case .afterPrefix(let prefix): wanted = KeyRange.end(ofPrefix: [table] + prefix)
        }
        guard let wanted else { return nil }
        return wanted.lexicographicallyPrecedes(prefixStart) ? prefixStart : wanted
    }
}
