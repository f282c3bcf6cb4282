package import TernCore

/// Errors of Object Lock (spec s3-api §8).
extension S3Error {
    /// LCK-1
    package static let objectLockNeedsVersioning = S3Error(
        code: "InvalidBucketState",
        status: 409,
        message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
    )

    /// LCK-3
    package static let defaultRetentionNotPositive = Self.invalidArgument(
        "Default retention period must be a positive integer value."
    )

    /// LCK-3
    package static let defaultRetentionTooLarge = Self.invalidArgument("Default retention period too large.")

    /// LCK-5: one of the two headers came without the other.
    package static func lockHeadersIncomplete(missing: String) -> S3Error {
        Self.invalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
            .with("ArgumentName", missing)
    }

    /// LCK-5
    package static func unknownRetentionMode(_ value: String) -> S3Error {
        .invalidArgument("Unknown wormMode directive.", name: ObjectLockHeaders.mode, value: value)
    }

    /// LCK-5
    package static func unknownLegalHold(_ value: String) -> S3Error {
        .invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", name: ObjectLockHeaders.hold, value: value)
    }

    /// LCK-5
    package static func retainUntilDateNotISO8601(_ value: String) -> S3Error {
        .invalidArgument(
            "The retain until date must be provided in ISO 8601 format", name: ObjectLockHeaders.retainUntil,
            value: value)
    }

    /// LCK-5, of a header.
    package static func retainUntilDateInThePast(header value: String) -> S3Error {
        .invalidArgument(Self.retainUntilDateInThePastMessage, name: ObjectLockHeaders.retainUntil, value: value)
    }

    /// LCK-5, of PutObjectRetention, which prints the date as Java does in S3's time zone.
    package static func retainUntilDateInThePast(_ date: Timestamp) -> S3Error {
        .invalidArgument(
            Self.retainUntilDateInThePastMessage, name: "RetainUntilDate", value: PacificDate.text(of: date))
    }

    private static let retainUntilDateInThePastMessage = "The retain until date must be in the future!"

    /// LCK-6
    package static let bucketWithoutObjectLock = Self.invalidRequest("Bucket is missing Object Lock Configuration")

    /// LCK-7: neither retention nor legal hold was ever set.
    package static let noSuchObjectLockConfiguration = S3Error(
        code: "NoSuchObjectLockConfiguration",
        status: 404,
        message: "The specified object does not have a ObjectLock configuration"
    )

    /// LCK-8
    package static let protectedByObjectLock = Self.accessDenied(
        "Access Denied because object protected by object lock."
    )

    /// LCK-10
    package static func bypassWithoutObjectLock(_ value: String) -> S3Error {
        .invalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            name: "x-amz-bypass-governance-retention", value: value)
    }

    /// LCK-15
    package static let lockedUploadWithoutDigest = Self.invalidRequest(
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
    )

    /// LCK-15
    package static let lockedPartWithoutDigest = Self.invalidRequest(
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters"
    )
}
