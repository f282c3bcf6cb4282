import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketAcl; spec rule ACL-5.
    static let getBucketAcl = Operation(
        "GetBucketAcl", Route("GET", .bucket, query: "acl"), action: "s3:GetBucketAcl"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        let owner = await call.canonicalID(of: bucket.owner)
        return call.aclAnswer(owner: owner, list: try bucket.accessControlList(), bucket: bucket)
    }

    /// Source: Amazon S3 API Reference, PutBucketAcl; spec rules ACL-2, ACL-6 to ACL-8.
    static let putBucketAcl = Operation(
        "PutBucketAcl", Route("PUT", .bucket, query: "acl"), action: "s3:PutBucketAcl"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        let owner = await call.canonicalID(of: bucket.owner)
        let list = try await call.newACL(for: .bucket, owner: owner, bucket: bucket)
        // With ACLs off, the only one that is accepted says what holds anyway.
        if bucket.ownership != .bucketOwnerEnforced {
            try await call.service.setBucketACL(AccessControlPolicyXML(owner: owner, list: list), of: bucket.name)
        }
        return .ok
    }
}
