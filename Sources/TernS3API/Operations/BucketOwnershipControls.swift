import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketOwnershipControls; spec rule ACL-1.
    static let getBucketOwnershipControls = Operation(
        "GetBucketOwnershipControls", Route("GET", .bucket, query: "ownershipControls"),
        action: "s3:GetBucketOwnershipControls"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        // An empty document is one that was taken away.
        if bucket.document(.ownershipControls) == [] { throw .ownershipControlsNotFound(bucket.name) }
        return .xml(bucket.ownership.encode())
    }

    /// Source: Amazon S3 API Reference, PutBucketOwnershipControls; spec rules ACL-1, ACL-3.
    static let putBucketOwnershipControls = Operation(
        "PutBucketOwnershipControls", Route("PUT", .bucket, query: "ownershipControls"),
        action: "s3:PutBucketOwnershipControls"
    ) { call throws(S3Error) in
        let ownership = try ObjectOwnership(decoding: try await call.payload.document(maximumBytes: 1 << 20))
        let owner = await call.canonicalID(of: try call.bucket().owner)
        try await call.service.setOwnership(ownership, of: call.bucketName, owner: owner)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeleteBucketOwnershipControls; spec rule ACL-1.
    static let deleteBucketOwnershipControls = Operation(
        "DeleteBucketOwnershipControls", Route("DELETE", .bucket, query: "ownershipControls"),
        action: "s3:PutBucketOwnershipControls"
    ) { call throws(S3Error) in
        let owner = await call.canonicalID(of: try call.bucket().owner)
        try await call.service.setOwnership(nil, of: call.bucketName, owner: owner)
        return .noContent
    }
}
