import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, DeleteBucket.
    static let deleteBucket = Operation("DeleteBucket", Route("DELETE", .bucket), action: "s3:DeleteBucket") {
        call throws(S3Error) in
        try await call.service.deleteBucket(call.bucketName)
        return .noContent
    }
}
