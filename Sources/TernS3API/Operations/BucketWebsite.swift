import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketWebsite; spec s3-api §12.7.
    static let getBucketWebsite = Operation(
        "GetBucketWebsite", Route("GET", .bucket, query: "website"), action: "s3:GetBucketWebsite", isOnlyStored: true
    ) { call throws(S3Error) in
        guard let document = try call.bucket().document(.website) else {
            throw .noSuchWebsiteConfiguration(call.bucketName)
        }
        return .xml(document)
    }

    /// Source: Amazon S3 API Reference, PutBucketWebsite; spec s3-api §12.7.
    static let putBucketWebsite = Operation(
        "PutBucketWebsite", Route("PUT", .bucket, query: "website"), action: "s3:PutBucketWebsite", isOnlyStored: true
    ) { call throws(S3Error) in
        let document = try WebsiteConfigurationXML.normalized(try await call.configurationBody())
        try await call.service.setDocument(.website, document, of: call.bucketName)
        return .ok
    }

    /// Source: Amazon S3 API Reference, DeleteBucketWebsite.
    static let deleteBucketWebsite = Operation(
        "DeleteBucketWebsite", Route("DELETE", .bucket, query: "website"), action: "s3:DeleteBucketWebsite",
        isOnlyStored: true
    ) { call throws(S3Error) in
        try await call.service.setDocument(.website, nil, of: call.bucketName)
        return .noContent
    }
}
