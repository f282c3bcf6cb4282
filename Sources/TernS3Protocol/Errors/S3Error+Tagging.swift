/// Errors of tags (spec s3-api §9.1).
extension S3Error {
    /// TAG-1
    package static let tooManyObjectTags = S3Error(
        code: "BadRequest",
        status: 400,
        message: "Object tags cannot be greater than \(S3Limits.objectTags)"
    )

    /// TAG-2
    package static let tooManyBucketTags = S3Error(
        code: "BadRequest",
        status: 400,
        message: "Bucket tag count cannot be greater than \(S3Limits.bucketTags)"
    )

    /// TAG-3
    package static func invalidTagKey(_ key: String) -> S3Error {
        .invalidTag("The TagKey you have provided is invalid", details: [Detail("TagKey", key)])
    }

    /// TAG-3
    package static func invalidTagValue(key: String, value: String) -> S3Error {
        .invalidTag(
            "The TagValue you have provided is invalid",
            details: [Detail("TagKey", key), Detail("TagValue", value)]
        )
    }

    /// TAG-3
    package static func duplicateTagKey(_ key: String) -> S3Error {
        .invalidTag("Cannot provide multiple Tags with the same key", details: [Detail("TagKey", key)])
    }

    /// TAG-3: `aws:` on a bucket.
    package static func systemTagOnBucket(_ key: String) -> S3Error {
        .invalidTag("System tags cannot be added/updated by requester", details: [Detail("TagKey", key)])
    }

    /// TAG-3: `aws:` on an object.
    package static func systemTagOnObject(_ key: String) -> S3Error {
        .invalidTag("Your TagKey cannot be prefixed with aws:", details: [Detail("TagKey", key)])
    }

    /// TAG-4
    package static func malformedTaggingHeader(_ value: String) -> S3Error {
        .invalidArgument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
                + "duplicates.",
            name: "x-amz-tagging",
            value: value
        )
    }

    /// TAG-7
    package static let systemTagAtBucketCreation = Self.invalidTag(
        "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. "
            + "Remove \"aws:\" from your tag keys and try again."
    )

    /// TAG-7
    package static let duplicateTagAtBucketCreation = Self.invalidTag(
        "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again."
    )

    /// identity-and-control §9.4
    package static let invalidResourceTag = Self.invalidTag(
        "This request contains a tag key or value that isn't valid. Valid characters include the following: "
            + "[a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters."
    )

    private static func invalidTag(_ message: String, details: [Detail] = []) -> S3Error {
        S3Error(code: "InvalidTag", status: 400, message: message, details: details)
    }
}
