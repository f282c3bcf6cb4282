import TernCore
package import TernObjects
import TernPorts
import TernRecords
package import TernS3Protocol

/// Which version of a key an action is about, where the request itself does not say it.
enum NamedVersion {
    case current
    case version(VersionReference)

    init(_ reference: VersionReference?) { self = reference.map { .version($0) } ?? .current }

    var reference: VersionReference? {
        switch self {
        case .current: nil
        case .version(let reference): reference
        }
    }
}

extension S3Call {
    /// Throws unless the principal may do `action` to the bucket, or to the object of `key`.
    ///
    /// - Parameters:
    ///   - version: The version that the action is about, where it is not the one of the request.
    ///   - context: Condition keys beside those that the request's head has.
    func authorize(
        _ action: String, bucket: BucketState, key: ObjectKey?, version: NamedVersion? = nil,
        context: [String: [String]] = [:]
    ) async throws(S3Error) {
        // Objects that others own are a matter of their owners (EVL-4).
        let mayBelongToOthers =
            key != nil && bucket.ownership != .bucketOwnerEnforced
            && AccessControlGrants.objectPermission(for: action) != nil
        if !mayBelongToOthers, self.accessPoint == nil, !self.authorizer.wantsEveryRequest,
            AuthorizationRequest.isUnrestricted(
                self.principal, owner: bucket.owner, resourcePolicy: bucket.features.policy)
        {
            return
        }
        let reference: VersionReference?
        if let version { reference = version.reference } else { reference = try self.versionReference() }
        try await self.authorization.authorize(
            action, bucket: bucket, key: key, version: reference, context: context)
    }

    /// Throws unless the principal may do what concerns no bucket of this region, such as ListBuckets.
    func authorizeInOwnAccount(
        _ action: String, resource: String, context: [String: [String]] = [:]
    ) async throws(S3Error) {
        if case .root(_, nil) = self.principal, !self.authorizer.wantsEveryRequest { return }
        let conditions = self.conditions
        var request = AuthorizationRequest(
            principal: self.principal, action: action, resource: resource, resourceOwner: self.principal.account?.id,
            context: { conditions.keys(of: action).merging(context) { _, given in given } })
        request.requestID = self.requestID
        if case .denied(let denial) = await self.authorizer.authorize(request) { throw .accessDenied(denial.message) }
    }

    func may(_ action: String, bucket: BucketState, key: ObjectKey?) async -> Bool {
        do {
            try await self.authorize(action, bucket: bucket, key: key)
            return true
        } catch {
            return false
        }
    }

    private var authorization: S3Authorization {
        let conditions = self.conditions
        return S3Authorization(
            environment: self.environment, principal: self.principal, requestID: self.requestID,
            accessPoint: self.accessPoint, conditions: { conditions.keys(of: $0) })
    }

    var conditions: RequestConditions {
        RequestConditions(
            head: self.head, headers: self.headers, target: self.target, region: self.service.region,
            authentication: self.authentication, now: self.now, given: self.givenConditions)
    }
}

extension S3Responder: SourceAuthorizer {
    package func authorize(_ request: RemoteSourceRequest, in bucket: BucketState) async throws(S3Error) {
        let authorization = S3Authorization(
            environment: self.environment, principal: request.principal, requestID: "",
            conditions: { _ in request.context })
        let read = request.version == nil ? "s3:GetObject" : "s3:GetObjectVersion"
        let context = request.version.map { ["s3:versionid": [$0.wireForm]] } ?? [:]
        try await authorization.authorize(
            read, bucket: bucket, key: request.key, version: request.version, context: context)
        guard let version = try await self.service.find(request.version, of: request.key, in: bucket) else {
            try await authorization.authorize("s3:ListBucket", bucket: bucket, key: nil, version: nil, context: [:])
            return
        }
        guard request.copiesTags, !version.record.tags.isEmpty else { return }
        try await authorization.authorize(
            request.version == nil ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging", bucket: bucket,
            key: request.key, version: request.version, context: context)
    }
}
