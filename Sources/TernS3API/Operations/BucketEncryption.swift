import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketEncryption; spec s3-api §10.4.
    static let getBucketEncryption = Operation(
        "GetBucketEncryption", Route("GET", .bucket, query: "encryption"), action: "s3:GetEncryptionConfiguration",
        isOnlyStored: true
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.encryption) ?? EncryptionConfigurationXML.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketEncryption; spec s3-api §10.4.
    static let putBucketEncryption = Operation(
        "PutBucketEncryption", Route("PUT", .bucket, query: "encryption"), action: "s3:PutEncryptionConfiguration",
        isOnlyStored: true
    ) { call throws(S3Error) in
        let document = try EncryptionConfigurationXML.normalized(try await call.configurationBody())
        try await call.service.setDocument(.encryption, document, of: call.bucketName)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeleteBucketEncryption.
    static let deleteBucketEncryption = Operation(
        "DeleteBucketEncryption", Route("DELETE", .bucket, query: "encryption"),
        action: "s3:PutEncryptionConfiguration", isOnlyStored: true
    ) { call throws(S3Error) in
        try await call.service.setDocument(.encryption, nil, of: call.bucketName)
        return .noContent
    }
}
