import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketRequestPayment; spec s3-api §12.7.
    static let getBucketRequestPayment = Operation(
        "GetBucketRequestPayment", Route("GET", .bucket, query: "requestPayment"),
        action: "s3:GetBucketRequestPayment"
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.requestPayment) ?? SmallConfigurationXML.requestPayment.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketRequestPayment; spec s3-api §12.7.
    static let putBucketRequestPayment = Operation(
        "PutBucketRequestPayment", Route("PUT", .bucket, query: "requestPayment"),
        action: "s3:PutBucketRequestPayment"
    ) { call throws(S3Error) in
        let document = try SmallConfigurationXML.requestPayment.normalized(try await call.configurationBody())
        try await call.service.setDocument(.requestPayment, document, of: call.bucketName)
        return .ok
    }
}
