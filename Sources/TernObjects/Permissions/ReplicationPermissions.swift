package import TernCore
package import TernPorts
package import TernRecords
package import TernReplication
import TernS3Protocol

/// What the roles of replication rules may do, judged by each side for its own bucket (spec live-replication §4,
/// invariant 9).
package struct ReplicationPermissions: Sendable {
    private let roles: any RoleAssumer
    private let authorizer: any Authorizer
    let freshness: any DirectoryFreshness

    package init(roles: any RoleAssumer, authorizer: any Authorizer, freshness: any DirectoryFreshness) {
        self.roles = roles
        self.authorizer = authorizer
        self.freshness = freshness
    }

    private static let service = "s3.amazonaws.com"

    /// The session in which a rule's role acts.
    func session(ofRole arn: String) async -> Principal? {
        await self.roles.session(ofRole: arn)
    }

    /// Whether this region's copy of the directory has all that the home region had when the task was written. Where it
    /// has not, it is brought up to date for the next attempt: what is missing now may be there then.
    package func knowsDirectory(asOf task: TaskRecord) async -> Bool {
        if self.freshness.isCurrent(asOf: Timestamp(milliseconds: task.requestMs)) { return true }
        _ = await self.freshness.catchUp()
        return false
    }

    // MARK: The source's side

    /// What the source lets its rule's role have of a version.
    package enum SourceVerdict: Sendable, Equatable {
        case readable
        /// The object goes without its tags (T-15); a change of the tags is looked at by the destination all the same,
        /// whose other reasons come first.
        case readableWithoutTags
        case refused(ReplicationFailureReason)
        /// Refused by a copy of IAM that may be behind the home region's.
        case undecided
    }

    /// Assumes the task's role and looks whether it may read what the task brings. A refusal is one by IAM as it was at
    /// the task's request, or later.
    package func source(
        of task: TaskRecord, version: VersionRecord, key: ObjectKey, in bucket: BucketState
    ) async -> SourceVerdict {
        let isCurrent = self.freshness.isCurrent(asOf: Timestamp(milliseconds: task.requestMs))
        let verdict = await self.judgeSource(of: task, version: version, key: key, in: bucket)
        guard case .refused = verdict, !isCurrent else { return verdict }
        guard await self.freshness.catchUp() else { return .undecided }
        return await self.judgeSource(of: task, version: version, key: key, in: bucket)
    }

    /// In the order of A-50, by what this region knows.
    private func judgeSource(
        of task: TaskRecord, version: VersionRecord, key: ObjectKey, in bucket: BucketState
    ) async -> SourceVerdict {
        guard
            let role = await self.roles.assume(
                role: task.role, by: Self.service, sourceARN: "arn:aws:s3:::\(bucket.name)",
                sourceAccount: bucket.owner)
        else { return .refused(.assumeRoleNotPermitted) }
        let ask = Question(role: role, bucket: bucket, key: key, version: version, authorizer: self.authorizer)
        let isData = !task.kind.isOfAttributes
        let unreadable: ReplicationFailureReason = isData ? .srcGetObjectNotPermitted : .srcHeadObjectNotPermitted
        // what the role may not know, it cannot act on.
        guard await ask.bucketAllows("s3:GetReplicationConfiguration") else { return .refused(unreadable) }
        if version.isDeleteMarker {
            //
            return await ask.bucketAllows("s3:ListBucket") ? .readable : .refused(unreadable)
        }
        //
        if await !ask.allows("s3:GetObjectVersionForReplication") {
            // Not for what is under KMS.
            guard !version.encryption.isUnderKMS, await ask.allows("s3:GetObjectVersion") else {
                return .refused(unreadable)
            }
        }
        // L-11, A-04: what belongs to another account is read by its ACL, as anybody reads it.
        guard Self.isGranted(.read, of: version, in: bucket, to: role) else { return .refused(unreadable) }
        guard await ask.allows("s3:GetObjectVersionAcl"), Self.isGranted(.readACP, of: version, in: bucket, to: role)
        else { return .refused(.srcGetAclNotPermitted) }
        if bucket.objectLock != nil {
            guard await ask.allows("s3:GetObjectRetention") else { return .refused(.srcGetRetentionNotPermitted) }
            guard await ask.allows("s3:GetObjectLegalHold") else { return .refused(.srcGetLegalHoldNotPermitted) }
        }
        guard task.kind.concernsTags(of: version), await !ask.allows("s3:GetObjectVersionTagging") else {
            return .readable
        }
        return .readableWithoutTags
    }

    /// Whether the role's account may read an object by its ACL, where the object is not the bucket owner's (L-11, L-12).
    private static func isGranted(
        _ permission: AccessPermission, of version: VersionRecord, in bucket: BucketState, to role: Principal
    ) -> Bool {
        if bucket.ownership == .bucketOwnerEnforced || version.owner.isEmpty || version.owner == bucket.record.owner {
            return true
        }
        // Without an ACL the owner alone has everything.
        guard var list = version.accessControlList, let account = role.account else { return false }
        if bucket.publicAccessBlock.ignorePublicAcls { list = list.withoutPublicGrants }
        return list.grants.contains { grant in
            guard grant.permission == permission || grant.permission == .fullControl else { return false }
            return switch grant.grantee {
            case .account(let id): id == account.canonicalID
            case .group(.allUsers), .group(.authenticatedUsers): true
            case .group(.logDelivery): false
            }
        }
    }

    // MARK: The destination's side

    /// What a destination bucket lets a role do with a replica.
    enum DestinationVerdict: Sendable, Equatable {
        case open
        /// The replica arrives without its tags.
        case openWithoutTags
        case refused(ReplicationFailureReason)
        /// Refused by a copy of IAM that may be behind the home region's, or that does not have the role.
        case undecided
    }

    /// Looks whether the bucket takes the replica. A refusal is one by IAM as it was when the replica arrived, or later.
    func destination(of replica: ReplicaRecord, in bucket: BucketState, now: Timestamp) async -> DestinationVerdict {
        let isCurrent = self.freshness.isCurrent(asOf: now)
        let verdict = await self.judgeDestination(of: replica, in: bucket, now: now)
        switch verdict {
        case .open, .openWithoutTags: return verdict
        case .refused where isCurrent: return verdict
        case .refused, .undecided:
            guard await self.freshness.catchUp() else { return .undecided }
            return await self.judgeDestination(of: replica, in: bucket, now: now)
        }
    }

    private func judgeDestination(
        of replica: ReplicaRecord, in bucket: BucketState, now: Timestamp
    ) async -> DestinationVerdict {
        guard let role = await self.roles.session(ofRole: replica.role) else { return .undecided }
        let version = replica.version
        let ask = Question(
            role: role, bucket: bucket, key: ObjectKey(trusted: Array(replica.key)), version: version,
            authorizer: self.authorizer)
        if replica.kind == .deleteMarker {
            return await ask.allows("s3:ReplicateDelete") ? .open : .refused(.dstDelObjNotPermitted)
        }
        guard await ask.allows("s3:ReplicateObject", context: Self.conditions(of: replica, in: bucket, now: now)) else {
            return .refused(replica.notPermitted)
        }
        // E-50: nobody could say that he pays.
        if bucket.features.isRequesterPays, role.account?.id != bucket.owner { return .refused(replica.notPermitted) }
        // ReplicateObject covers the lock; only a Deny refuses it.
        if replica.kind.concerns(.retention), version.retention != nil, await ask.denies("s3:PutObjectRetention") {
            return .refused(.dstPutRetentionNotPermitted)
        }
        if replica.kind.concerns(.legalHold), version.legalHold != .unset, await ask.denies("s3:PutObjectLegalHold") {
            return .refused(.dstPutLegalHoldNotPermitted)
        }
        if replica.ownerOverride, await !ask.allows("s3:ObjectOwnerOverrideToBucketOwner") {
            return .refused(.dstPutObjectNotPermitted)
        }
        // ReplicateObject covers the tags; only a Deny keeps them away.
        guard replica.kind.concernsTags(of: version), await ask.denies("s3:ReplicateTags") else { return .open }
        return replica.kind.isOfAttributes ? .refused(.dstPutTaggingNotPermitted) : .openWithoutTags
    }

    /// A-43, I-19: the lock, and the encryption that the replica will have.
    private static func conditions(
        of replica: ReplicaRecord, in bucket: BucketState, now: Timestamp
    ) -> [String: [String]] {
        let version = replica.version
        var conditions = version.retention?.conditions(now: now) ?? [:]
        var method: String?
        var key = ""
        if version.hasEncryption {
            method = version.encryption.methodName
            if version.encryption.isUnderKMS { key = replica.replicaKmsKey }
        } else if replica.kind == .object, let preset = bucket.features.encryption {
            method = preset.method.rawValue
            if preset.method != .sseS3 { key = preset.keyID ?? "" }
        }
        if let method { conditions["s3:x-amz-server-side-encryption"] = [method] }
        if !key.isEmpty { conditions["s3:x-amz-server-side-encryption-aws-kms-key-id"] = [key] }
        if version.legalHold != .unset {
            conditions["s3:object-lock-legal-hold"] = [version.legalHold == .on ? "ON" : "OFF"]
        }
        return conditions
    }
}

/// One role, one version: asked for several actions.
private struct Question: Sendable {
    let role: Principal
    let bucket: BucketState
    let key: ObjectKey
    let version: VersionRecord
    let authorizer: any Authorizer

    func allows(_ action: String, context: [String: [String]] = [:]) async -> Bool {
        await self.decide(action, key: self.key, context: context)
            == .allowed
    }

    func bucketAllows(_ action: String) async -> Bool {
        await self.decide(action, key: nil, context: [:]) == .allowed
    }

    /// Whether a policy says no, rather than that none says yes.
    func denies(_ action: String) async -> Bool {
        let decision = await self.decide(action, key: self.key, context: [:])
        guard case .denied(let denial) = decision else { return false }
        return denial.isExplicit
    }

    private func decide(
        _ action: String, key: ObjectKey?, context: [String: [String]]
    ) async -> AuthorizationDecision {
        let features = self.bucket.features
        let tags = self.version.tagSet
        let region = self.bucket.record.region
        return await self.authorizer.authorize(
            AuthorizationRequest(
                principal: self.role, action: action,
                resource: "arn:aws:s3:::\(self.bucket.name)" + (key.map { "/\($0)" } ?? ""),
                resourceOwner: self.bucket.owner,
                resourcePolicy: features.policy,
                restrictsPublic: features.isPolicyPublic && self.bucket.publicAccessBlock.restrictPublicBuckets,
                // Also of the bucket's own actions: these are asked of no object, and by policies without conditions
                // answered alike each time.
                object: .init(
                    bucket: self.bucket.name, bucketID: self.bucket.record.bucketID, epoch: self.bucket.record.epoch),
                context: {
                    // it is traffic of the server's own, and counts as encrypted.
                    var all = ["aws:SecureTransport": ["true"], "aws:RequestedRegion": [region]]
                    for tag in tags { all["s3:ExistingObjectTag/\(tag.key)"] = [tag.value] }
                    return all.merging(context) { _, given in given }
                }))
    }
}

extension ReplicaRecord {
    /// The reason for want of permission is that of the operation.
    var notPermitted: ReplicationFailureReason {
        switch self.kind {
        case .deleteMarker: .dstDelObjNotPermitted
        case .tags, .attributes: .dstPutTaggingNotPermitted
        case .acl: .dstPutAclNotPermitted
        case .retention: .dstPutRetentionNotPermitted
        case .legalHold: .dstPutLegalHoldNotPermitted
        case .object, .UNRECOGNIZED:
            self.version.etagPartCount > 0 ? .dstMultipartInitNotPermitted : .dstPutObjectNotPermitted
        }
    }
}

extension TaskRecord.Kind {
    /// Whether it brings an attribute, alone or with the object.
    fileprivate func concerns(_ attribute: VersionChange.Attribute) -> Bool {
        self == .object || self == .attributes || self.component.attribute == attribute
    }

    /// Whether it brings tags, so that somebody must be allowed to read and to write them.
    fileprivate func concernsTags(of version: VersionRecord) -> Bool {
        switch self {
        case .tags: true
        case .object, .attributes: !version.tags.isEmpty
        case .acl, .retention, .legalHold, .deleteMarker, .UNRECOGNIZED: false
        }
    }
}

extension ReplicationPermissions {
    /// Whether the role of a job may start the replication of an object (batch-replication §7.2).
    func mayInitiate(_ role: Principal, key: ObjectKey, in bucket: BucketState) async -> Bool {
        let ask = Question(
            role: role, bucket: bucket, key: key, version: VersionRecord(), authorizer: self.authorizer)
        return await ask.allows("s3:InitiateReplication")
    }

    /// Whether the role of a job may do something with a bucket.
    func mayUse(_ role: Principal, action: String, bucket: BucketState) async -> Bool {
        let ask = Question(
            role: role, bucket: bucket, key: ObjectKey(trusted: []), version: VersionRecord(),
            authorizer: self.authorizer)
        return await ask.bucketAllows(action)
    }
}

extension ObjectService {
    /// Whether the role of a job may start the replication of an object; everybody may where no role needs to be allowed
    /// anything.
    package func mayInitiateReplication(_ role: Principal, key: ObjectKey, in bucket: BucketState) async -> Bool {
        await self.permissions?.mayInitiate(role, key: key, in: bucket) ?? true
    }

    /// Whether the role of a job may do something with a bucket.
    package func mayUse(_ bucket: BucketState, action: String, as role: Principal) async -> Bool {
        await self.permissions?.mayUse(role, action: action, bucket: bucket) ?? true
    }
}
