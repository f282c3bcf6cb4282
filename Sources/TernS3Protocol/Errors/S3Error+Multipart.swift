/// Errors of multipart uploads and copies (spec s3-api §6).
extension S3Error {
    // MARK: Upload and complete

    /// MPU-2
    package static func noSuchUpload(_ uploadID: String) -> S3Error {
        S3Error(
            code: "NoSuchUpload",
            status: 404,
            message:
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
                + "or completed.",
            details: [Detail("UploadId", uploadID)]
        )
    }

    /// MPU-3
    package static func partNumberOutOfRange(_ value: String) -> S3Error {
        .invalidArgument(
            "Part number must be an integer between 1 and \(S3Limits.partCount), inclusive",
            name: "partNumber",
            value: value
        )
    }

    /// MPU-11
    package static let noParts = Self.invalidRequest("You must specify at least one part")

    /// MPU-12
    package static func invalidPartOrder(uploadID: String) -> S3Error {
        S3Error(
            code: "InvalidPartOrder",
            status: 400,
            message: "The list of parts was not in ascending order. Parts must be ordered by part number.",
            details: [Detail("UploadId", uploadID)]
        )
    }

    /// MPU-13. `etag` without quotes. The message has two spaces behind "found.".
    package static func invalidPart(etag: String, partNumber: Int, uploadID: String) -> S3Error {
        S3Error(
            code: "InvalidPart",
            status: 400,
            message:
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                + "specified entity tag may not match the part's entity tag.",
            details: [Detail("ETag", etag), Detail("PartNumber", String(partNumber)), Detail("UploadId", uploadID)]
        )
    }

    /// MPU-14. `etag` without quotes.
    package static func entityTooSmall(etag: String, partNumber: Int, byteCount: Int64) -> S3Error {
        S3Error(
            code: "EntityTooSmall",
            status: 400,
            message: "Your proposed upload is smaller than the minimum allowed size",
            details: [
                Detail("ETag", etag),
                Detail("MinSizeAllowed", String(S3Limits.minimumPartByteCount)),
                Detail("PartNumber", String(partNumber)),
                Detail("ProposedSize", String(byteCount)),
            ]
        )
    }

    /// MPU-15
    package static func multipartObjectSizeMismatch(given: String, computed: Int64) -> S3Error {
        .invalidRequest(
            "The provided 'x-amz-mp-object-size' header value \(given) does not match what was computed: \(computed)"
        )
    }

    // MARK: Copy sources (CPY-1 to CPY-5)

    package static let copySourceKeyInvalid = Self.copySource("Invalid copy source object key")
    package static let copySourceBucketInvalid = Self.copySource("Invalid copy source bucket name")
    package static let copySourceEncodingInvalid = Self.copySource("Invalid copy source encoding")
    package static let copySourceOnOtherRequest = Self.copySource(
        "You can only specify a copy source header for copy requests."
    )

    /// AWS gives the header's name as its value, too.
    private static func copySource(_ message: String) -> S3Error {
        .invalidArgument(message, name: "x-amz-copy-source", value: "x-amz-copy-source")
    }

    /// CPY-2
    package static let copySourceIsDeleteMarker = Self.invalidRequest(
        "The source of a copy request may not specifically refer to a delete marker by version id."
    )

    /// CPY-3
    package static let copySourceTooLarge = Self.invalidRequest(
        "The specified copy source is larger than the maximum allowable size for a copy source: \(S3Limits.singlePutByteCount)"
    )

    /// CPY-4
    package static let copyOntoItself = Self.invalidRequest(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
            + "metadata, storage class, website redirect location or encryption attributes."
    )

    /// CPY-5
    package static func unknownMetadataDirective(_ value: String) -> S3Error {
        .invalidArgument("Unknown metadata directive.", name: "x-amz-metadata-directive", value: value)
    }

    /// CPY-5
    package static func unknownTaggingDirective(_ value: String) -> S3Error {
        .invalidArgument("Unknown tagging directive.", name: "x-amz-tagging-directive", value: value)
    }

    // MARK: Copy ranges (UPC-1, UPC-2)

    package static func copySourceRangeForm(_ value: String) -> S3Error {
        .invalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
                + "offsets of the first and last bytes to copy",
            name: "x-amz-copy-source-range",
            value: value
        )
    }

    package static func copySourceRangeBeyondEnd(_ value: String, byteCount: Int64) -> S3Error {
        .invalidArgument(
            "Range specified is not valid for source object of size: \(byteCount)",
            name: "x-amz-copy-source-range",
            value: value
        )
    }

    package static let copySourceRangeInvalid = Self.invalidRequest(
        "The specified copy range is invalid for the source object size"
    )
}
