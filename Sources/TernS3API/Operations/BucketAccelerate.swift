import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, GetBucketAccelerateConfiguration; spec s3-api §12.7.
    static let getBucketAccelerate = Operation(
        "GetBucketAccelerateConfiguration", Route("GET", .bucket, query: "accelerate"),
        action: "s3:GetAccelerateConfiguration", isOnlyStored: true
    ) { call throws(S3Error) in
        .xml(try call.bucket().document(.accelerate) ?? SmallConfigurationXML.accelerate.unset)
    }

    /// Source: Amazon S3 API Reference, PutBucketAccelerateConfiguration; spec s3-api §3.2b, §12.7.
    static let putBucketAccelerate = Operation(
        "PutBucketAccelerateConfiguration", Route("PUT", .bucket, query: "accelerate"),
        action: "s3:PutAccelerateConfiguration", isOnlyStored: true
    ) { call throws(S3Error) in
        let document = try SmallConfigurationXML.accelerate.normalized(try await call.configurationBody())
        if call.bucketName.contains(".") { throw .accelerationNeedsNameWithoutPeriods }
        try await call.service.setDocument(.accelerate, document, of: call.bucketName)
        return .ok
    }
}
