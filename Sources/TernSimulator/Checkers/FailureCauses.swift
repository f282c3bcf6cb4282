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
            !task.record.destinationAccount.isEmpty && destination?.record.owner != task.record.destinationAccount
        // The role reads what belongs to another account by its ACL (L-11): a replica that kept its owner, for one.
        let isForeign =
            source.hasACLs
            && source.versions[task.id].map {
                !$0.record.owner.isEmpty && $0.record.owner != source.record.owner
            } ?? false
        switch reason {
        case "AssumeRoleNotPermitted":
            return denied(SimulatedAccess.Grant.assumption, bucket: "")
        case "SrcGetObjectNotPermitted", "SrcHeadObjectNotPermitted":
            return isForeign || denied("s3:GetObjectVersionForReplication", bucket: source.name)
        case "SrcGetAclNotPermitted":
            return isForeign
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
            return task.record.replicaKmsKey.isEmpty || self.keys.values.contains { $0.wasBad(since: since) }
        case "SrcKmsKeyInvalidState", "SrcKmsKeyNotFound":
            return self.keys[source.region]?.wasBad(since: since) == true
        default:
            return false
        }
    }
}
