import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

extension S3Call {
    /// Takes up the owner and ACL of the object that the request creates (spec rules ACL-2, ACL-4, ACL-6 to ACL-8).
    func addOwnership(to attributes: inout ObjectAttributes, hasACL: Bool) async throws(S3Error) {
        let bucket = try self.bucket()
        let isEnforced = bucket.ownership == .bucketOwnerEnforced
        if isEnforced, !hasACL { return }
        let writer = try self.writer
        guard hasACL, let headers = try AccessControlHeaders(self.headers, for: .object, method: self.head.method)
        else {
            attributes.owner = writer
            return
        }
        let bucketOwner = await self.canonicalID(of: bucket.owner)
        if isEnforced {
            // Many clients send `private` with every write; it says nothing but what holds anyway, and needs no permission.
            if headers != .canned(.private) { try await self.authorizeACL(in: bucket) }
            let list = try await self.list(of: headers, owner: bucketOwner, bucketOwner: bucketOwner)
            if list != .ownerOnly(bucketOwner) { throw .aclNotSupported }
            return
        }
        try await self.authorizeACL(in: bucket)
        let goesToBucketOwner =
            bucket.ownership == .bucketOwnerPreferred && headers == .canned(.bucketOwnerFullControl)
        let owner = goesToBucketOwner ? bucket.owner : writer
        let ownerID = await self.canonicalID(of: owner)
        let list = try await self.list(of: headers, owner: ownerID, bucketOwner: bucketOwner)
        try self.admit(list, in: bucket)
        attributes.owner = owner
        if list != .ownerOnly(ownerID) { attributes.accessControlList = list }
    }

    /// The account that owns what the request writes, where the bucket's owner does not own all (spec rule ACL-4).
    var writer: AccountID {
        get throws(S3Error) {
            let nobody = self.principal == .anonymous ? Account.anonymous.id : try self.bucket().owner
            return self.principal.account?.id ?? nobody
        }
    }

    /// A service needs no more than `s3:PutObject`: the policies that S3 documents for inventories allow nothing else, and
    /// ask for this very ACL.
    private func authorizeACL(in bucket: BucketState) async throws(S3Error) {
        if case .service = self.principal, self.headers["x-amz-acl"] == "bucket-owner-full-control" { return }
        try await self.authorize("s3:PutObjectAcl", bucket: bucket, key: try self.key())
    }

    /// The grants that ACL headers stand for.
    ///
    /// - Throws: `InvalidArgument` for a grantee that does not exist.
    func list(of headers: AccessControlHeaders, owner: String, bucketOwner: String) async throws(S3Error)
        -> AccessControlList
    {
        switch headers {
        case .canned(let canned):
            return canned.list(owner: owner, bucketOwner: bucketOwner)
        case .grants(let grants):
            let list = AccessControlList(grants)
            try await self.checkGrantees(of: list, argument: "id")
            return list
        }
    }

    /// The new ACL that PutBucketAcl and PutObjectAcl bring, in headers or body (spec rules ACL-7, ACL-8).
    ///
    /// - Parameter owner: The canonical ID of who owns the bucket or object.
    func newACL(for subject: CannedACL.Subject, owner: String, bucket: BucketState) async throws(S3Error)
        -> AccessControlList
    {
        let headers = try AccessControlHeaders(self.headers, for: subject, method: self.head.method)
        let body = try await self.payload.document(maximumBytes: 1 << 20)
        let list: AccessControlList
        if let headers {
            if !body.isEmpty { throw .unexpectedContent }
            // With ACLs off, `private` is a canned ACL like others (ACL-2).
            if bucket.ownership == .bucketOwnerEnforced, case .canned(let canned) = headers,
                canned != .bucketOwnerFullControl
            {
                throw .aclNotSupported
            }
            list = try await self.list(of: headers, owner: owner, bucketOwner: await self.canonicalID(of: bucket.owner))
        } else {
            if body.isEmpty { throw .missingACL }
            let policy = try AccessControlPolicyXML(decoding: body, for: subject, method: self.head.method)
            try await self.checkAccount(policy.owner, argument: "CanonicalUser/ID")
            if policy.owner != owner { throw .accessDenied() }
            try await self.checkGrantees(of: policy.list, argument: "CanonicalUser/ID")
            list = policy.list
        }
        if bucket.ownership == .bucketOwnerEnforced, list != .ownerOnly(owner) { throw .aclNotSupported }
        try self.admit(list, in: bucket)
        return list
    }

    /// - Throws: `InvalidArgument` for an account that does not exist.
    func checkGrantees(of list: AccessControlList, argument: String) async throws(S3Error) {
        for grant in list.grants {
            if case .account(let id) = grant.grantee { try await self.checkAccount(id, argument: argument) }
        }
    }

    private func checkAccount(_ canonicalID: String, argument: String) async throws(S3Error) {
        // What a canned ACL grants may be written back by those who read it.
        if canonicalID == CannedACL.ec2CanonicalID { return }
        if await self.accounts.account(canonicalID: canonicalID) == nil {
            throw .invalidCanonicalID(canonicalID, argument: argument)
        }
    }

    /// The document of GetBucketAcl and GetObjectAcl (spec rule ACL-5).
    func aclAnswer(owner: String, list: AccessControlList?, bucket: BucketState) -> HTTPAnswer {
        var list = list ?? .ownerOnly(owner)
        if bucket.ownership == .bucketOwnerEnforced { list = .ownerOnly(owner) }
        if self.publicAccessBlock(of: bucket).ignorePublicAcls { list = list.withoutPublicGrants }
        return .xml(AccessControlPolicyXML(owner: owner, list: list).encode())
    }

    /// The canonical ID of a version's owner: the bucket's, where that owns everything.
    func ownerID(of record: VersionRecord, in bucket: BucketState) async -> String {
        let isEnforced = bucket.ownership == .bucketOwnerEnforced || record.owner.isEmpty
        return await self.canonicalID(of: isEnforced ? bucket.owner : AccountID(trusted: record.owner))
    }
}

extension S3Call {
    /// What is blocked in a bucket: by itself, by its account (spec s3-api §9.3), or by the access point before it.
    func publicAccessBlock(of bucket: BucketState) -> PublicAccessBlock {
        let block = self.environment.publicAccessBlock(of: bucket)
        return self.accessPoint.map { block.union($0.publicAccessBlock) } ?? block
    }

    /// BlockPublicAcls (spec s3-api §9.3).
    func admit(_ list: AccessControlList, in bucket: BucketState) throws(S3Error) {
        if list.isPublic, self.publicAccessBlock(of: bucket).blockPublicAcls { throw .accessDenied() }
    }
}
