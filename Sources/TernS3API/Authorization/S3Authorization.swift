import TernCore
import TernObjects
import TernPolicy
import TernPorts
import TernRecords
import TernS3Protocol

/// Asks for permission on buckets and objects: policies, ACLs, Object Ownership and Block Public Access together
/// (specification §6.3, s3-api §9.2, §9.3).
struct S3Authorization: Sendable {
    let environment: CallEnvironment
    let principal: Principal
    /// Of the client's request; empty where another region asks.
    let requestID: String
    /// The access point that the request came through, which has to allow it too (EVL-3).
    var accessPoint: MultiRegionAccessPoint?
    /// The condition keys of an action that the request has values for.
    let conditions: @Sendable (_ action: String) -> [String: [String]]

    /// Throws unless the principal may do `action` to the bucket, or to the object of `key`.
    ///
    /// - Parameters:
    ///   - version: The version of the object that the action is about.
    ///   - context: Condition keys beside those of the request.
    func authorize(
        _ action: String, bucket: BucketState, key: ObjectKey?, version: VersionReference?, context: [String: [String]]
    ) async throws(S3Error) {
        let request = try await self.request(action, bucket: bucket, key: key, version: version, context: context)
        guard case .denied(let denial) = await self.environment.authorizer.authorize(request) else { return }
        throw .accessDenied(denial.message)
    }

    /// What the authorizer is asked.
    ///
    /// - Throws: `AccessDenied` where the bucket keeps others out before any policy is asked.
    func request(
        _ action: String, bucket: BucketState, key: ObjectKey?, version: VersionReference?, context: [String: [String]]
    ) async throws(S3Error) -> AuthorizationRequest {
        var stored: VersionRecord?
        let objectPermission = key == nil ? nil : AccessControlGrants.objectPermission(for: action)
        let needsTags = try await self.needsExistingTags(action, bucket: bucket)
        let usesLists = bucket.ownership != .bucketOwnerEnforced
        if let key, needsTags || (usesLists && objectPermission != nil) {
            stored = try await self.environment.service.find(version, of: key, in: bucket)?.record
        }
        let conditions = self.conditions
        let tags = needsTags ? stored?.tagSet ?? [] : []
        let accessPoint = self.accessPoint
        let isKeptOut = self.isKeptOut(of: bucket)
        var request = AuthorizationRequest(
            principal: self.principal, action: action,
            resource: "arn:aws:s3:::\(bucket.name)" + (key.map { "/\($0)" } ?? ""), resourceOwner: bucket.owner,
            resourcePolicy: bucket.features.policy,
            restrictsPublic: isKeptOut,
            context: {
                var all = conditions(action)
                for tag in tags { all["s3:ExistingObjectTag/\(tag.key)"] = [tag.value] }
                if let accessPoint { all.merge(accessPoint.conditions) { _, given in given } }
                all.merge(context) { _, given in given }
                return all
            })
        request.requestID = self.requestID
        request.accessPoint = accessPoint.map { point in
            let account = self.environment.publicAccess.publicAccessBlock(of: point.account)
            let block = point.publicAccessBlock.union(account)
            return PolicyEvaluation.AccessPoint(
                resource: point.resource(of: key), account: point.account, policy: point.policy,
                restrictsPublic: point.isPolicyPublic && block.restrictPublicBuckets)
        }
        if usesLists {
            // A delete marker has no ACL, and whoever made it has no say over it.
            if objectPermission != nil, let stored, !stored.isDeleteMarker, !stored.owner.isEmpty,
                stored.owner != bucket.owner.description
            {
                // Owning the object does not let one into a bucket that is for its owner's account.
                if isKeptOut { throw .accessDenied() }
                request.resourceOwner = AccountID(trusted: stored.owner)
                request.resourceMayAllow = false
            }
            request.accessControlList = try await self.listGrant(action, bucket: bucket, stored: stored)
        }
        return request
    }

    /// RestrictPublicBuckets: a bucket with a public policy is for the account of its owner, and for services.
    private func isKeptOut(of bucket: BucketState) -> Bool {
        if case .service = self.principal { return false }
        return bucket.features.isPolicyPublic && self.principal.account?.id != bucket.owner
            && self.publicAccessBlock(of: bucket).restrictPublicBuckets
    }

    private func publicAccessBlock(of bucket: BucketState) -> PublicAccessBlock {
        let block = self.environment.publicAccessBlock(of: bucket)
        return self.accessPoint.map { block.union($0.publicAccessBlock) } ?? block
    }

    /// What an ACL grants of the action to the principal.
    private func listGrant(_ action: String, bucket: BucketState, stored: VersionRecord?) async throws(S3Error)
        -> AccessControlListGrant?
    {
        let ignoresPublic = self.publicAccessBlock(of: bucket).ignorePublicAcls
        if let permission = AccessControlGrants.objectPermission(for: action), let stored {
            let isBucketOwners = stored.owner.isEmpty || stored.isDeleteMarker
            let owner = isBucketOwners ? bucket.owner : AccountID(trusted: stored.owner)
            let list: AccessControlList
            if let own = stored.accessControlList {
                list = own
            } else if let account = await self.environment.accounts.account(owner) {
                list = .ownerOnly(account.canonicalID)
            } else {
                return nil
            }
            return AccessControlGrants.grant(permission, to: self.principal, in: list, ignoresPublic: ignoresPublic)
        }
        guard let permission = AccessControlGrants.bucketPermission(for: action),
            let list = try bucket.accessControlList()
        else { return nil }
        return AccessControlGrants.grant(permission, to: self.principal, in: list, ignoresPublic: ignoresPublic)
    }

    /// `s3:ExistingObjectTag` is read from the object only where a policy asks for it.
    private func needsExistingTags(_ action: String, bucket: BucketState) async throws(S3Error) -> Bool {
        guard Self.actionsOnTagged.contains(action) else { return false }
        let key = "s3:existingobjecttag/"
        if bucket.features.policy?.mentions(key) == true { return true }
        return await self.environment.authorizer.mentions(key, policiesOf: self.principal)
    }

    /// The actions that see `s3:ExistingObjectTag` (specification §6.2).
    private static let actionsOnTagged: Set<String> = [
        "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:GetObjectTagging",
        "s3:GetObjectVersionTagging", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes", "s3:PutObjectTagging",
        "s3:PutObjectVersionTagging", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:DeleteObjectTagging",
        "s3:DeleteObjectVersionTagging",
    ]
}
