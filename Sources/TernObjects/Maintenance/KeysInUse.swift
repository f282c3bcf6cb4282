import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Whether a version, an upload or a replica in the making of this region can be read only with a key of KMS (KMS-8).
    ///
    /// It walks every bucket to the first that names the key.
    package func isEncrypted(withKey arn: String) async throws(S3Error) -> Bool {
        for bucket in try await self.registry.all() {
            for table in [Keyspace.Table.head, .noncurrent, .upload, .ingestSession] {
                if try await self.hasRow(of: table, in: bucket.partition, namingKey: arn) { return true }
            }
        }
        return false
    }

    private func hasRow(
        of table: Keyspace.Table, in partition: PartitionID, namingKey arn: String
    ) async throws(S3Error) -> Bool {
        let pageSize = 500
        var range = Keyspace.table(table)
        while true {
            let page = try await self.metadata.entries(range, in: partition, limit: pageSize)
            for entry in page where try Self.keyARN(of: entry.value, in: table) == arn { return true }
            guard page.count == pageSize, let last = page.last else { return false }
            range.lower = last.key + [0]
        }
    }

    private static func keyARN(of row: [UInt8], in table: Keyspace.Table) throws(S3Error) -> String {
        switch table {
        case .upload: (try decodeRecord(row) as UploadRecord).template.encryption.kmsKeyArn
        case .ingestSession: (try decodeRecord(row) as IngestSessionRecord).encryption.kmsKeyArn
        default: (try decodeRecord(row) as VersionRecord).encryption.kmsKeyArn
        }
    }
}
