package import TernCore

/// Errors of PutBucketLogging (spec s3-api §12.6).
extension S3Error {
    package static func loggingTargetMissing(_ bucket: String) -> S3Error {
        S3Error(
            code: "InvalidTargetBucketForLogging", status: 400,
            message: "The target bucket for logging does not exist", details: [Detail("TargetBucket", bucket)])
    }

    package static func loggingTargetOfOtherOwner(_ bucket: String) -> S3Error {
        S3Error(
            code: "InvalidTargetBucketForLogging", status: 400,
            message: "The owner for the bucket to be logged and the target bucket must be the same.",
            details: [Detail("TargetBucket", bucket)])
    }

    /// The code's spelling and the blank at the end of the message are S3's.
    package static func crossLocationLogging(source: RegionName, target: RegionName) -> S3Error {
        let error = S3Error(
            code: "CrossLocationLoggingProhibitted", status: 403, message: "Cross S3 location logging not allowed. ",
            details: [Detail("TargetBucketLocation", target.description)])
        return source == .usEast1 ? error : error.with("SourceBucketLocation", source.description)
    }

    /// ACLs have no effect in the target bucket (ACL-2).
    package static let targetGrantsNotSupported = S3Error(
        code: "AccessControlListNotSupported", status: 400,
        message: "Target grants not allowed for bucket owner enforced buckets")
}
