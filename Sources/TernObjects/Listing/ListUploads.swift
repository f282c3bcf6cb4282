package import TernCore
package import TernRecords
package import TernS3Protocol
import TernStorage

/// Where a page of uploads begins.
package enum UploadListStart: Sendable {
    case beginning
    /// Behind every upload of this key, which need not exist.
    case afterKey([UInt8])
    /// Behind this upload of the key.
    case afterUpload(key: ObjectKey, VersionID)
    /// Behind every key with this prefix.
    case afterPrefix([UInt8])
}

extension ObjectService {
    /// One page of the multipart uploads in progress, by key, then by initiation (spec rule LST-8).
    package func listUploads(
        _ query: ListQuery,
        from start: UploadListStart,
        in bucket: BucketState
    ) async throws(S3Error) -> ListPage<UploadRecord> {
        let table = Keyspace.Table.upload.rawValue
        let begin = [table] + query.prefix
        let end = KeyRange.end(ofPrefix: begin)
        var cursor: [UInt8]?
        switch start {
        case .beginning: cursor = begin
        case .afterKey(let key): cursor = [table] + key + [1]
        case .afterUpload(let key, let id): cursor = Keyspace.upload(key, id) + [0]
        case .afterPrefix(let prefix): cursor = KeyRange.end(ofPrefix: [table] + prefix)
        }
        if let from = cursor, from.lexicographicallyPrecedes(begin) { cursor = begin }

        var page = ListPage<UploadRecord>()
        guard query.limit > 0 else { return page }
        while let from = cursor {
            let size = min(1001, query.limit - page.entries.count + 1)
            let rows = try await self.metadata.entries(KeyRange(from: from, to: end), in: bucket.partition, limit: size)
            cursor = rows.count < size ? nil : rows.last.map { $0.key + [0] }
            rows: for row in rows {
                if page.entries.count == query.limit {
                    page.isTruncated = true
                    return page
                }
                let upload: UploadRecord = try decodeRecord(row.value)
                if let prefix = query.commonPrefix(of: Array(upload.key)) {
                    page.entries.append(.commonPrefix(prefix))
                    cursor = KeyRange.end(ofPrefix: [table] + prefix)
                    break rows
                }
                page.entries.append(.item(upload))
            }
        }
        return page
    }
}
