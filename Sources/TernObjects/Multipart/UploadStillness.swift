import FoundationEssentials
import TernCore
import TernRecords
import TernS3Protocol
import TernStorage

extension ObjectService {
    /// CND-5: a conditional completion fails when the key was written or deleted since the upload began.
    static func checkStillness(
        of key: ObjectKey, head: StoredVersion?, upload: StoredUpload, condition: WriteCondition
    ) throws(S3Error) {
        if condition == .none { return }
        let then = upload.record.hasHeadAtStart ? upload.record.headAtStart : nil
        if head?.record.id != then {
            throw .conditionalRequestConflict(
                condition: condition == .absent ? "If-None-Match" : "If-Match", key: key.description)
        }
    }

    /// Notes in the uploads of a key that its current version is removed, in the commit that does it.
    ///
    /// Only where the key looks as it did when they began, from now on: it was written and the write taken back, which
    /// nothing else would show. Such an upload gets the removed version for its beginning, which never comes again.
    ///
    /// - Parameter next: What becomes current; `nil` where nothing is left.
    func noteRemoval(
        of removed: VersionRecord, leaving next: VersionRecord?, of key: ObjectKey, in partition: PartitionID,
        batch: inout MetadataBatch
    ) async throws(S3Error) {
        var range = KeyRange(prefix: Keyspace.uploadPrefix(key))
        while true {
            let rows = try await self.metadata.entries(range, in: partition, limit: 100)
            for row in rows {
                var upload: UploadRecord = try decodeRecord(row.value)
                guard (upload.hasHeadAtStart ? upload.headAtStart : nil) == next?.id else { continue }
                upload.headAtStart = removed.id
                batch.require(row.key, is: row.value)
                batch.put(row.key, try encodeRecord(upload))
            }
            guard rows.count == 100, let last = rows.last else { return }
            range.lower = last.key + [0]
        }
    }
}
