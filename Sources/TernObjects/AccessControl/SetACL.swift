package import TernCore
import TernRecords
import TernReplication
package import TernS3Protocol

extension ObjectService {
    /// Replaces the ACL of a version; `nil` leaves everything to its owner alone.
    ///
    /// Source: Amazon S3 API Reference, PutObjectAcl; spec rule ACL-11.
    package func setACL(
        _ list: AccessControlList?,
        of reference: VersionReference?,
        key: ObjectKey,
        in bucketName: String,
        cause: EventCause = .server
    ) async throws(S3Error) -> StoredVersion {
        try await self.changeAttribute(.acl, of: reference, key: key, in: bucketName, cause: cause) {
            record, bucket throws(S3Error) in
            if bucket.ownership == .bucketOwnerEnforced { throw .aclNotSupported }
            if let list { record.acl = AclRecord(list) } else { record.clearAcl() }
        }
    }

    /// Replaces the ACL of a bucket, which stands with its owner in one document.
    ///
    /// Source: Amazon S3 API Reference, PutBucketAcl; spec rule ACL-2.
    package func setBucketACL(_ policy: AccessControlPolicyXML, of bucketName: String) async throws(S3Error) {
        try await self.setDocument(.acl, policy.encode(), of: bucketName) { record throws(S3Error) in
            if try BucketState.ownership(of: record) == .bucketOwnerEnforced { throw .aclNotSupported }
        }
    }

    /// Sets who owns the objects of a bucket; with `nil`, takes the controls away, after which writers own them.
    ///
    /// - Parameter owner: The canonical ID of the bucket's owner.
    ///
    /// Source: Amazon S3 API Reference, PutBucketOwnershipControls; spec rules ACL-1, ACL-3.
    package func setOwnership(
        _ ownership: ObjectOwnership?, of bucketName: String, owner: String
    ) async throws(S3Error) {
        // An empty document is one that was taken away; without any, the bucket has what new buckets have.
        try await self.setDocument(.ownershipControls, ownership?.encode() ?? [], of: bucketName) {
            record throws(S3Error) in
            guard ownership == .bucketOwnerEnforced else { return }
            if let list = try BucketState.accessControlList(of: record), list != .ownerOnly(owner) {
                throw .bucketACLWithBucketOwnerEnforced
            }
        }
    }
}
