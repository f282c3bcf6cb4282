import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, DeleteBucket.
    static let deleteBucket = Operation("DeleteBucket", Route("DELETE", .bucket), action: "s3:DeleteBucket") {
        call throws(S3Error) in
        // MRP-3
        if try await call.environment.accessPoints.isInUse(bucket: call.bucketName, by: try call.bucket().owner) {
            throw .bucketInUseByAccessPoint
        }
        try await call.service.deleteBucket(call.bucketName)
        return .noContent
    }
}
