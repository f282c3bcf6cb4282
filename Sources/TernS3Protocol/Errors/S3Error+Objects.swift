/// Errors of reading and writing objects (spec s3-api §3.2d, §4.3, §5, §14).
extension S3Error {
    // MARK: Version IDs (VER-13, VER-4)

    package static func invalidVersionID(_ value: String) -> S3Error {
        .invalidArgument("Invalid version id specified", name: "versionId", value: value)
    }

    package static let emptyVersionID = Self.invalidArgument(
        "Version id cannot be the empty string",
        name: "versionId",
        value: ""
    )

    /// `MfaDelete: Enabled`: Tern has no MFA devices.
    package static let mfaNotImplemented = Self.notImplemented(header: "x-amz-mfa")

    // MARK: Conditions (§5.1, §5.2)

    /// - Parameter condition: The name of the header, as S3 spells it.
    package static func preconditionFailed(condition: String) -> S3Error {
        S3Error(
            code: "PreconditionFailed",
            status: 412,
            message: "At least one of the pre-conditions you specified did not hold",
            details: [Detail("Condition", condition)]
        )
    }

    /// CND-3: a value of `If-Match` or `If-None-Match` that the API does not take.
    package static func unsupportedConditionValue(header: String) -> S3Error {
        .notImplemented(
            header: header,
            additionalMessage: "We don't accept the provided value of \(header) header for this API"
        )
    }

    /// CND-3
    package static let multipleConditionalHeaders = Self.notImplemented(
        header: "If-Match,If-None-Match",
        additionalMessage: "Multiple conditional request headers present in the request"
    )

    /// CND-4, CND-5
    package static func conditionalRequestConflict(condition: String, key: String) -> S3Error {
        S3Error(
            code: "ConditionalRequestConflict",
            status: 409,
            message: "The conditional request cannot succeed due to a conflicting operation against this resource.",
            details: [Detail("Condition", condition), Detail("Key", key)]
        )
    }

    // MARK: Ranges and parts (§5.3)

    /// RNG-3
    package static func invalidRange(_ range: String, byteCount: Int64) -> S3Error {
        S3Error(
            code: "InvalidRange",
            status: 416,
            message: "The requested range is not satisfiable",
            details: [Detail("ActualObjectSize", String(byteCount)), Detail("RangeRequested", range)]
        )
    }

    /// RNG-4
    package static func invalidPartNumber(_ number: Int, partCount: Int) -> S3Error {
        S3Error(
            code: "InvalidPartNumber",
            status: 416,
            message: "The requested partnumber is not satisfiable",
            details: [Detail("ActualPartCount", String(partCount)), Detail("PartNumberRequested", String(number))]
        )
    }

    /// RNG-4
    package static let rangeWithPartNumber = Self.invalidRequest(
        "Cannot specify both Range header and partNumber query parameter"
    )

    /// RNG-7
    package static func headerValueNotLatin1(name: String, value: String) -> S3Error {
        .invalidArgument("Header value cannot be represented using ISO-8859-1.", name: name, value: value)
    }

    /// RNG-7, SIG-62
    package static let responseHeadersForAnonymous = Self.invalidRequest(
        "Request specific response headers cannot be used for anonymous GET requests."
    )

    /// SIG-62
    package static let contentSHA256OfAnonymous = Self.invalidRequest(
        "Anonymous requests don't support this x-amz-content-sha256 value. "
            + "Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER."
    )

    /// SIG-62
    package static func anonymousMayNot(_ what: String) -> S3Error {
        .accessDenied("Anonymous users cannot \(what). Please authenticate.")
    }

    // MARK: Object headers (§5.4)

    /// MET-1
    package static func metadataTooLarge(byteCount: Int) -> S3Error {
        S3Error(
            code: "MetadataTooLarge",
            status: 400,
            message: "Your metadata headers exceed the maximum allowed metadata size",
            details: [
                Detail("Size", String(byteCount)), Detail("MaxSizeAllowed", String(UserMetadata.maximumByteCount)),
            ]
        )
    }

    /// MET-4
    package static let emptyRedirectLocation = Self.invalidRedirectLocation(
        "The website redirect location must be non-empty."
    )

    /// MET-4
    package static let redirectLocationPrefix = Self.invalidRedirectLocation(
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
    )

    /// MET-4
    package static let redirectLocationTooLong = Self.invalidRedirectLocation(
        "The length of website redirect location cannot exceed 2,048 characters."
    )

    private static func invalidRedirectLocation(_ message: String) -> S3Error {
        S3Error(code: "InvalidRedirectLocation", status: 400, message: message)
    }

    // MARK: Writing and archives (§3.2d, §14, CPY-8)

    package static func invalidStorageClass(_ value: String) -> S3Error {
        S3Error(
            code: "InvalidStorageClass",
            status: 400,
            message: "The storage class you specified is not valid",
            details: [Detail("StorageClassRequested", value)]
        )
    }

    /// The object is archived and not restored.
    package static func invalidObjectState(storageClass: String) -> S3Error {
        S3Error(
            code: "InvalidObjectState",
            status: 403,
            message: "The operation is not valid for the object's storage class",
            details: [Detail("StorageClass", storageClass)]
        )
    }

    /// A single PUT, part or copy beyond its limit.
    package static func entityTooLarge(proposed: Int64, maximum: Int64 = S3Limits.singlePutByteCount) -> S3Error {
        S3Error(
            code: "EntityTooLarge",
            status: 400,
            message: "Your proposed upload exceeds the maximum allowed size",
            details: [Detail("ProposedSize", String(proposed)), Detail("MaxSizeAllowed", String(maximum))]
        )
    }

    // MARK: GetObjectAttributes (§7.5)

    package static let objectAttributesMissing = Self.invalidRequest(
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
    )

    package static let invalidAttributeName = Self.invalidArgument("Invalid attribute name specified.")
}

/// Sizes and counts of the S3 API (spec s3-api §14).
package enum S3Limits {
    /// The largest single PUT, part or copy source: 5 GiB.
    package static let singlePutByteCount: Int64 = 5 << 30
    /// The smallest part but the last: 5 MiB.
    package static let minimumPartByteCount: Int64 = 5 << 20
    package static let partCount = 10_000
    /// 10,000 parts of 5 GiB: 48.8 TiB.
    package static let objectByteCount: Int64 = 10_000 * (5 << 30)
    package static let listPage = 1000
    package static let deleteObjectsKeys = 1000
    package static let objectTags = 10
    package static let bucketTags = 50
}
