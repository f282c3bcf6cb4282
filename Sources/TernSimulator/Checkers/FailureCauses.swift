import TernCore
import TernRecords

/// Whether a failure reason had its cause in the world, at some moment since the task was made (live-replication §5).
extension Book {
    func hasCause(_ reason: String, _ task: TaskEntry, _ source: BucketBook) -> Bool {
        let since = task.since
        let name = task.record.destinationBucket
        let destination = self.bucket(named: name)
        func denied(_ actions: String..., bucket: String) -> Bool {
            actions.contains { action in
                let role = String(task.record.role.split(separator: "/").last ?? "")
                return self.access.wasDenied(.init(role: role, action: action, bucket: bucket), since: since)
            }
        }
        let isOthers =
            !task.record.destinationAccount.isEmpty
            && self.owner(ofBucketsNamed: name) != task.record.destinationAccount
        let isUnreadable = source.versions[task.id].map { self.isUnreadable($0.record, in: source) } ?? false
        switch reason {
        case "AssumeRoleNotPermitted":
            return denied(SimulatedAccess.Grant.assumption, bucket: "")
        case "SrcGetObjectNotPermitted", "SrcHeadObjectNotPermitted":
            return isUnreadable || denied("s3:GetObjectVersionForReplication", bucket: source.name)
        case "DstBucketNotFound":
            return destination == nil || (self.lastMissing[name] ?? -1) >= since
        case "DstBucketUnversioned":
            return destination.map { !$0.isVersioned || $0.lastUnversioned >= since } ?? true
        case "DstBucketObjectLockConfigMissing":
            return destination?.hasObjectLock != true
        case "DstObjectHardDeleted":
            return self.wasRemoved(task.id, fromBucketNamed: name)
        case "DstVersionNotFound":
            // It is not there, or was not when the change was delivered.
            guard !task.record.isOfData else { return false }
            return destination?.versions[task.id].map { $0.since >= since } ?? true
        case "DstDelObjNotPermitted":
            return isOthers || denied("s3:ReplicateDelete", bucket: name)
        case "DstPutRetentionNotPermitted":
            // The replica's retention is never weakened (L-59).
            return !task.record.isOfData
        case "DstPutObjectNotPermitted", "DstMultipartInitNotPermitted", "DstMultipartUploadNotPermitted",
            "DstMultipartCompleteNotPermitted", "DstPutTaggingNotPermitted", "DstPutAclNotPermitted",
            "DstPutLegalHoldNotPermitted":
            return isOthers
                || denied("s3:ReplicateObject", "s3:ObjectOwnerOverrideToBucketOwner", bucket: name)
        case "DstKmsKeyInvalidState", "DstKmsKeyNotFound":
            return destination.flatMap { self.keys[$0.region] }?.wasBad(since: since) == true
        case "SrcKmsKeyInvalidState", "SrcKmsKeyNotFound":
            return self.keys[source.region]?.wasBad(since: since) == true
        default:
            return false
        }
    }

    /// The role reads what belongs to another account by its ACL (L-11): a replica that kept its owner, for one. No client
    /// of these worlds lets the role's account read anything.
    func isUnreadable(_ version: VersionRecord, in source: BucketBook) -> Bool {
        source.hasACLs && !version.owner.isEmpty && version.owner != source.record.owner
    }
}
