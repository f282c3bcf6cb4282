package import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// The current version or delete marker of a key, or `nil`.
    package func head(_ key: ObjectKey, in bucket: BucketState) async throws(S3Error) -> StoredVersion? {
        let row = Keyspace.head(key)
        guard let value = try await self.metadata.value(row, in: bucket.partition) else { return nil }
        return StoredVersion(key: key, record: try decodeRecord(value), isLatest: true, row: row, value: value)
    }

    /// A version by its ID, or `nil`.
    ///
    /// A version moves between its key's head row and its own row while others write the key, so a look that misses is
    /// repeated until the head stood still around it.
    package func version(
        _ reference: VersionReference,
        of key: ObjectKey,
        in bucket: BucketState
    ) async throws(S3Error) -> StoredVersion? {
        var head = try await self.head(key, in: bucket)
        while true {
            if let head, head.record.reference == reference { return head }
            if let found = try await self.noncurrent(reference, of: key, in: bucket) { return found }
            let headNow = try await self.head(key, in: bucket)
            if headNow?.value == head?.value { return nil }
            head = headNow
        }
    }

    /// A version by the identity that every version has, the null version too.
    ///
    /// - Parameter headValue: The head's row, where it was read a moment ago.
    package func version(
        identity: VersionID, of key: ObjectKey, in bucket: BucketState, headValue: [UInt8]? = nil
    ) async throws(S3Error) -> StoredVersion? {
        if let headValue {
            let record: VersionRecord = try decodeRecord(headValue)
            if record.versionID == identity {
                return StoredVersion(
                    key: key, record: record, isLatest: true, row: Keyspace.head(key), value: headValue)
            }
        }
        var head = try await self.head(key, in: bucket)
        while true {
            if let head, head.record.versionID == identity { return head }
            let row = Keyspace.noncurrent(key, identity)
            if let value = try await self.metadata.value(row, in: bucket.partition) {
                return StoredVersion(key: key, record: try decodeRecord(value), isLatest: false, row: row, value: value)
            }
            let headNow = try await self.head(key, in: bucket)
            if headNow?.value == head?.value { return nil }
            head = headNow
        }
    }

    private func noncurrent(
        _ reference: VersionReference,
        of key: ObjectKey,
        in bucket: BucketState
    ) async throws(S3Error) -> StoredVersion? {
        let id: VersionID
        switch reference {
        case .id(let given):
            id = given
        case .null:
            guard let pointer = try await self.metadata.value(Keyspace.nullPointer(key), in: bucket.partition),
                let target = VersionID(newestFirstBytes: pointer[...])
            else { return nil }
            id = target
        }
        let row = Keyspace.noncurrent(key, id)
        guard let value = try await self.metadata.value(row, in: bucket.partition) else { return nil }
        let record: VersionRecord = try decodeRecord(value)
        // The identity of a null version is not an ID that clients know.
        guard record.reference == reference else { return nil }
        return StoredVersion(key: key, record: record, isLatest: false, row: row, value: value)
    }
}
