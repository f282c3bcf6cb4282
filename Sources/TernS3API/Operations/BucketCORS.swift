import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketCors; spec s3-api §12.2, §12.4.
    static let getBucketCORS = Operation(
        "GetBucketCors", Route("GET", .bucket, query: "cors"), action: "s3:GetBucketCORS"
    ) { call throws(S3Error) in
        guard let document = try call.bucket().document(.cors) else { throw .noSuchCORSConfiguration(call.bucketName) }
        return .xml(document)
    }

    /// Source: Amazon S3 API Reference, PutBucketCors; spec s3-api §12.4.
    static let putBucketCORS = Operation(
        "PutBucketCors", Route("PUT", .bucket, query: "cors"), action: "s3:PutBucketCORS"
    ) { call throws(S3Error) in
        let document = try CORSConfiguration.normalized(try await call.configurationBody())
        try await call.service.setDocument(.cors, document, of: call.bucketName)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeleteBucketCors.
    static let deleteBucketCORS = Operation(
        "DeleteBucketCors", Route("DELETE", .bucket, query: "cors"), action: "s3:PutBucketCORS"
    ) { call throws(S3Error) in
        try await call.service.setDocument(.cors, nil, of: call.bucketName)
        return .noContent
    }
}
