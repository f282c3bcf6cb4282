import TernCore
import TernObjects
import TernPorts
import TernS3Protocol

extension Operation {
    /// Source: Amazon S3 API Reference, HeadBucket.
    static let headBucket = Operation("HeadBucket", Route("HEAD", .bucket), action: "s3:ListBucket") {
        call throws(S3Error) in
        HTTPAnswer(status: 200)
            .with("x-amz-bucket-region", call.service.region.description)
            .with("x-amz-bucket-arn", "arn:aws:s3:::\(call.bucketName)")
            .with("x-amz-access-point-alias", "false")
            .with("content-type", "application/xml")
    }
}
