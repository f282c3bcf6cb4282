import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketAbac; spec s3-api §12.7.
    static let getBucketAbac = Operation(
        "GetBucketAbac", Route("GET", .bucket, query: "abac"), action: "s3:GetBucketAbac", isOnlyStored: true
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.abac) ?? SmallConfigurationXML.abac.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketAbac; spec s3-api §12.7.
    static let putBucketAbac = Operation(
        "PutBucketAbac", Route("PUT", .bucket, query: "abac"), action: "s3:PutBucketAbac", isOnlyStored: true
    ) { call throws(S3Error) in
        let document = try SmallConfigurationXML.abac.normalized(try await call.configurationBody())
        try await call.service.setDocument(.abac, document, of: call.bucketName)
        return .ok
    }
}
