import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetPublicAccessBlock; spec s3-api §9.3.
    static let getPublicAccessBlock = Operation(
        "GetPublicAccessBlock", Route("GET", .bucket, query: "publicAccessBlock"),
        action: "s3:GetBucketPublicAccessBlock"
    ) { call throws(S3Error) in
        let bucket = try call.bucket()
        // An empty document is one that was taken away.
        if bucket.document(.publicAccessBlock) == [] { throw .noSuchPublicAccessBlockConfiguration(bucket.name) }
        return .xml(bucket.publicAccessBlock.encode())
    }

    /// Source: Amazon S3 API Reference, PutPublicAccessBlock; spec s3-api §9.3.
    static let putPublicAccessBlock = Operation(
        "PutPublicAccessBlock", Route("PUT", .bucket, query: "publicAccessBlock"),
        action: "s3:PutBucketPublicAccessBlock"
    ) { call throws(S3Error) in
        let settings = try PublicAccessBlock(decoding: try await call.payload.document(maximumBytes: 1 << 20))
        try await call.service.setDocument(.publicAccessBlock, settings.encode(), of: call.bucketName)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeletePublicAccessBlock; spec s3-api §9.3.
    static let deletePublicAccessBlock = Operation(
        "DeletePublicAccessBlock", Route("DELETE", .bucket, query: "publicAccessBlock"),
        action: "s3:PutBucketPublicAccessBlock"
    ) { call throws(S3Error) in
        try await call.service.setDocument(.publicAccessBlock, [], of: call.bucketName)
        return .noContent
    }
}
