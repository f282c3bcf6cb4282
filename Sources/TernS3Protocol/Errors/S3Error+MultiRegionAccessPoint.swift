/// Errors of Multi-Region Access Points (spec identity-and-control §9.1, live-replication §8.2).
extension S3Error {
    /// MRP-3
    package static let bucketInUseByAccessPoint = S3Error(
        code: "InvalidBucketState", status: 409,
        message: "The bucket is in use by a Multi-Region Access Point.")

    package static let accessPointsNotStored = S3Error(
        code: "ServiceUnavailable", status: 503,
        message: "The change could not be stored. Please retry.")

    package static let accessPointsNotKnown = S3Error(
        code: "ServiceUnavailable", status: 503,
        message:
            "Buckets cannot be created or deleted while the home region cannot be reached; everything else goes on. "
            + "Please retry.")

    // MARK: Control plane

    /// MRP-4
    package static func noSuchMultiRegionAccessPoint(_ name: String) -> S3Error {
        S3Error(
            code: "NoSuchMultiRegionAccessPoint", status: 404,
            message: "The specified Multi-Region Access Point does not exist.",
            details: [Detail("MultiRegionAccessPointName", name)])
    }

    /// MRP-4
    package static func noSuchAsyncRequest(_ token: String) -> S3Error {
        S3Error(
            code: "NoSuchAsyncRequest", status: 404, message: "The specified request was not found.",
            details: [Detail("RequestTokenARN", token)])
    }

    /// MRP-2
    package static let clientTokenReused = Self.invalidRequest(
        "The client token was used before, for a request with other parameters.")

    /// MRP-1
    package static let tooManyMultiRegionAccessPoints = S3Error(
        code: "TooManyMultiRegionAccessPoints", status: 400,
        message: "You have attempted to create more Multi-Region Access Points than are allowed for an account.")

    /// MRP-1
    package static let tooManyMultiRegionAccessPointRegions = S3Error(
        code: "TooManyMultiRegionAccessPointregionsError", status: 400,
        message:
            "You have attempted to create a Multi-Region Access Point with more Regions than are allowed for an account."
    )

    /// W-27
    package static let invalidMultiRegionAccessPointARN = Self.invalidRequest(
        "A Multi-Region Access Point is named by its ARN: arn:aws:s3::account-id:accesspoint/alias.mrap")

    /// W-27
    package static let multiRegionAccessPointNotReady = S3Error(
        code: "OperationAborted", status: 409,
        message: "The Multi-Region Access Point is being created or deleted. Please try again.")

    /// W-27
    package static let routesOfSingleRegion = S3Error(
        code: "MethodNotAllowed", status: 405,
        message: "The routes of a Multi-Region Access Point with a single Region cannot be changed.")
}
