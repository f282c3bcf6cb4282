/// Errors of buckets and their configurations (spec s3-api §3.2a, §3.2b, §12.1, §12.2).
extension S3Error {
    // MARK: ListBuckets

    package static func invalidMaxBuckets(_ value: String) -> S3Error {
        .invalidArgument(
            "Argument max-buckets must be an integer between 1 and 10000.",
            name: "max-buckets",
            value: value
        )
    }

    package static func invalidBucketRegion(_ value: String) -> S3Error {
        S3Error(
            code: "InvalidArgument",
            status: 400,
            message: "Argument value \(value) is not a valid AWS Region",
            details: [Detail("ArgumentName", "bucket-region")]
        )
    }

    // MARK: CreateBucket, DeleteBucket (§12.1)

    package static func bucketAlreadyOwnedByYou(_ name: String) -> S3Error {
        S3Error(
            code: "BucketAlreadyOwnedByYou",
            status: 409,
            message: "Your previous request to create the named bucket succeeded and you already own it.",
            details: [Detail("BucketName", name)]
        )
    }

    package static func bucketAlreadyExists(_ name: String) -> S3Error {
        S3Error(
            code: "BucketAlreadyExists",
            status: 409,
            message:
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
                + "Please select a different name and try again.",
            details: [Detail("BucketName", name)]
        )
    }

    package static func invalidLocationConstraint(_ constraint: String) -> S3Error {
        S3Error(
            code: "InvalidLocationConstraint",
            status: 400,
            message: "The specified location-constraint is not valid",
            details: [Detail("LocationConstraint", constraint)]
        )
    }

    /// - Parameter constraint: `nil` if the request had none.
    package static func illegalLocationConstraint(_ constraint: String?) -> S3Error {
        S3Error(
            code: "IllegalLocationConstraintException",
            status: 400,
            message:
                "The \(constraint ?? "unspecified") location constraint is incompatible for the region specific endpoint "
                + "this request was sent to."
        )
    }

    /// `Bucket` and `Location` elements, which make directory buckets.
    package static let directoryBucketsNotSupported = Self.invalidRequest("Directory buckets are not supported")

    package static let tooManyBuckets = S3Error(
        code: "TooManyBuckets",
        status: 400,
        message: "You have attempted to create more buckets than allowed"
    )

    package static func bucketNotEmpty(_ name: String, isVersioned: Bool) -> S3Error {
        S3Error(
            code: "BucketNotEmpty",
            status: 409,
            message: "The bucket you tried to delete is not empty"
                + (isVersioned ? ". You must delete all versions in the bucket." : ""),
            details: [Detail("BucketName", name)]
        )
    }

    // MARK: Absent configurations (§12.2)

    package static func noSuchBucketPolicy(_ bucket: String) -> S3Error {
        .absent("NoSuchBucketPolicy", "The bucket policy does not exist", bucket)
    }

    package static func noSuchTagSet(_ bucket: String) -> S3Error {
        .absent("NoSuchTagSet", "The TagSet does not exist", bucket)
    }

    package static func noSuchCORSConfiguration(_ bucket: String) -> S3Error {
        .absent("NoSuchCORSConfiguration", "The CORS configuration does not exist", bucket)
    }

    package static func noSuchLifecycleConfiguration(_ bucket: String) -> S3Error {
        .absent("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", bucket)
    }

    /// E-01
    package static func replicationConfigurationNotFound(_ bucket: String) -> S3Error {
        .absent("ReplicationConfigurationNotFoundError", "The replication configuration was not found", bucket)
    }

    package static func noSuchWebsiteConfiguration(_ bucket: String) -> S3Error {
        .absent("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", bucket)
    }

    package static func objectLockConfigurationNotFound(_ bucket: String) -> S3Error {
        .absent(
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            bucket
        )
    }

    package static func ownershipControlsNotFound(_ bucket: String) -> S3Error {
        .absent("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", bucket)
    }

    package static func noSuchPublicAccessBlockConfiguration(_ bucket: String) -> S3Error {
        .absent("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", bucket)
    }

    package static func serverSideEncryptionConfigurationNotFound(_ bucket: String) -> S3Error {
        .absent(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
            bucket
        )
    }

    /// Inventory, metrics, analytics and tiering configurations; the only one without a `BucketName`.
    package static let noSuchConfiguration = S3Error(
        code: "NoSuchConfiguration",
        status: 404,
        message: "The specified configuration does not exist."
    )

    private static func absent(_ code: String, _ message: String, _ bucket: String) -> S3Error {
        S3Error(code: code, status: 404, message: message, details: [Detail("BucketName", bucket)])
    }

    // MARK: Other sub-resources (§3.2b, §14)

    package static let idMismatch = S3Error(
        code: "IdMismatch",
        status: 400,
        message: "Document ID does not match the specified configuration ID."
    )

    package static let tooManyConfigurations = S3Error(
        code: "TooManyConfigurations",
        status: 400,
        message:
            "You are attempting to create a new configuration but have already reached the 1,000-configuration limit."
    )

    package static let accelerationNeedsNameWithoutPeriods = Self.invalidRequest(
        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
    )

    package static let tooManyRoutingRules = Self.invalidRequest(
        "The number of routing rules must not exceed the allowed limit of 50 rules"
    )

    package static let bucketACLWithBucketOwnerEnforced = S3Error(
        code: "InvalidBucketAclWithObjectOwnership",
        status: 400,
        message: "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    )

    // MARK: PutBucketVersioning

    package static let versioningStatusMissing = S3Error(
        code: "IllegalVersioningConfigurationException",
        status: 400,
        message: "The Versioning element must be specified"
    )

    /// E-47
    package static let versioningHeldByObjectLock = S3Error(
        code: "InvalidBucketState",
        status: 409,
        message: "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
    )
}
