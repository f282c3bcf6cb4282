package import TernCore
import TernRecords
import TernReplication
package import TernS3Protocol

extension ObjectService {
    /// Replaces the tags of a version. An empty set removes them all.
    ///
    /// Source: Amazon S3 API Reference, PutObjectTagging and DeleteObjectTagging; spec §9.1.
    package func setTags(
        _ tags: [Tag],
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String,
        cause: EventCause = .server
    ) async throws(S3Error) -> StoredVersion {
        try await self.changeAttribute(.tags, of: reference, key: key, in: bucketName, cause: cause) {
            record, _ throws(S3Error) in
            record.tags = tags.map { TagPair($0) }
        }
    }
}
