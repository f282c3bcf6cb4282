package import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// What can be read only with a key of KMS.
package struct KeyedItem: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case version
        case upload
        /// A large replica in the making.
        case replica
    }

    package var kind: Kind
    package var bucket: String
    package var key: ObjectKey
    /// Of a version.
    package var version: VersionReference?
}

extension ObjectService {
    /// The first versions, uploads and replicas in the making of this region that can be read only with a key (KMS-8).
    ///
    /// It walks every bucket until it has as many as are wanted.
    package func items(encryptedWithKey arn: String, limit: Int) async throws(S3Error) -> [KeyedItem] {
        var items: [KeyedItem] = []
        for bucket in try await self.registry.all() {
            for table in [Keyspace.Table.head, .noncurrent, .upload, .ingestSession] where items.count < limit {
                try await self.collect(&items, of: table, in: bucket, encryptedWithKey: arn, limit: limit)
            }
        }
        return items
    }

    private func collect(
        _ items: inout [KeyedItem], of table: Keyspace.Table, in bucket: BucketState, encryptedWithKey arn: String,
        limit: Int
    ) async throws(S3Error) {
        let pageSize = 500
        var range = Keyspace.table(table)
        while true {
            let page = try await self.metadata.entries(range, in: bucket.partition, limit: pageSize)
            for entry in page {
                guard let item = try Self.item(entry, of: table, bucket: bucket.name, encryptedWithKey: arn) else {
                    continue
                }
                items.append(item)
                if items.count == limit { return }
            }
            guard page.count == pageSize, let last = page.last else { return }
            range.lower = last.key + [0]
        }
    }

    private static func item(
        _ entry: KeyValue, of table: Keyspace.Table, bucket: String, encryptedWithKey arn: String
    ) throws(S3Error) -> KeyedItem? {
        switch table {
        case .upload:
            let record: UploadRecord = try decodeRecord(entry.value)
            guard record.template.encryption.kmsKeyArn == arn else { return nil }
            return KeyedItem(kind: .upload, bucket: bucket, key: ObjectKey(trusted: Array(record.key)))
        case .ingestSession:
            let record: IngestSessionRecord = try decodeRecord(entry.value)
            guard record.encryption.kmsKeyArn == arn else { return nil }
            return KeyedItem(kind: .replica, bucket: bucket, key: ObjectKey(trusted: Array(record.replica.key)))
        default:
            let record: VersionRecord = try decodeRecord(entry.value)
            guard record.encryption.kmsKeyArn == arn else { return nil }
            let key =
                table == .head
                ? Keyspace.objectKey(ofHeadRow: entry.key) : Keyspace.objectKeyAndVersion(ofNoncurrentRow: entry.key)?.0
            guard let key else { throw .internalError }
            return KeyedItem(kind: .version, bucket: bucket, key: key, version: record.reference)
        }
    }
}
