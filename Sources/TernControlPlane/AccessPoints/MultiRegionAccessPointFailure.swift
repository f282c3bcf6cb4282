import TernS3Protocol

/// Why an asynchronous request failed, as DescribeMultiRegionAccessPointOperation tells it.
///
/// Source: Amazon S3 API Reference, "List of Multi-Region Access Point error codes" of asynchronous requests.
struct MultiRegionAccessPointFailure: Error, Hashable, Sendable {
    var code: String
    var message: String
    /// A bucket, or the access point's name.
    var resource: String

    static func noSuchBucket(_ bucket: String) -> Self {
        Self(code: "NoSuchBucket", message: "The specified bucket does not exist", resource: bucket)
    }

    static func foreignBucket(_ bucket: String) -> Self {
        Self(
            code: "AccessDenied",
            message: "The bucket belongs to another account, whose ID must be given as BucketAccountId.",
            resource: bucket)
    }

    static func otherOwner(_ bucket: String) -> Self {
        Self(
            code: "AccessDenied",
            message: "The bucket does not belong to the account that is given as BucketAccountId.",
            resource: bucket)
    }

    static func sameRegion(_ bucket: String) -> Self {
        Self(
            code: "MultiRegionAccessPointSameBucketRegion",
            message: "The buckets used to create a Multi-Region Access Point cannot be in the same Region.",
            resource: bucket)
    }

    static func alreadyOwned(_ name: String) -> Self {
        Self(
            code: "MultiRegionAccessPointAlreadyOwnedByYou",
            message: "You already have a Multi-Region Access Point with the same name.", resource: name)
    }

    static func noSuchAccessPoint(_ name: String) -> Self {
        Self(
            code: "NoSuchMultiRegionAccessPoint", message: "The specified Multi-Region Access Point does not exist.",
            resource: name)
    }

    static func malformedPolicy(_ error: S3Error, _ name: String) -> Self {
        Self(code: error.code, message: error.message, resource: name)
    }

    static func publicPolicy(_ name: String) -> Self {
        Self(
            code: "AccessDenied",
            message: "Public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            resource: name)
    }
}
