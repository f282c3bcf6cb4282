import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketEncryption; spec s3-api §10.4.
    static let getBucketEncryption = Operation(
        "GetBucketEncryption", Route("GET", .bucket, query: "encryption"), action: "s3:GetEncryptionConfiguration"
    ) { call throws(S3Error) in
        if let document = try call.bucket().document(.encryption) { return .xml(document) }
        // What S3 answered before it encrypted everything: here, new objects lie in clear.
        if !call.service.encryption.isOnByDefault { throw .encryptionConfigurationNotFound }
        return .xml(EncryptionConfigurationXML.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketEncryption; spec s3-api §10.4.
    static let putBucketEncryption = Operation(
        "PutBucketEncryption", Route("PUT", .bucket, query: "encryption"), action: "s3:PutEncryptionConfiguration"
    ) { call throws(S3Error) in
        let document = try EncryptionConfigurationXML.normalized(try await call.configurationBody())
        try await call.service.setDocument(.encryption, document, of: call.bucketName)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeleteBucketEncryption.
    static let deleteBucketEncryption = Operation(
        "DeleteBucketEncryption", Route("DELETE", .bucket, query: "encryption"),
        action: "s3:PutEncryptionConfiguration"
    ) { call throws(S3Error) in
        try await call.service.setDocument(.encryption, nil, of: call.bucketName)
        return .noContent
    }
}
