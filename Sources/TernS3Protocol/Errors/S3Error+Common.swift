package import TernCore

/// Errors that many operations share (spec s3-api §1.1 to §1.4, §14).
extension S3Error {
    // MARK: Addressing (§1.1)

    /// ADR-7
    package static func invalidURI(_ uri: String) -> S3Error {
        S3Error(
            code: "InvalidURI",
            status: 400,
            message: "Couldn't parse the specified URI.",
            details: [Detail("URI", uri)]
        )
    }

    /// ADR-11
    package static func invalidBucketName(_ name: String) -> S3Error {
        S3Error(
            code: "InvalidBucketName",
            status: 400,
            message: "The specified bucket is not valid.",
            details: [Detail("BucketName", name)]
        )
    }

    /// §14
    package static func keyTooLong(byteCount: Int) -> S3Error {
        S3Error(
            code: "KeyTooLongError",
            status: 400,
            message: "Your key is too long",
            details: [Detail("Size", String(byteCount)), Detail("MaxSizeAllowed", String(ObjectKey.maximumByteCount))]
        )
    }

    // MARK: Regions and redirects (§1.2)

    /// RGN-1: the bucket is in another region. There is no `Location` header.
    package static func permanentRedirect(bucket: String, endpoint: String, region: RegionName) -> S3Error {
        S3Error(
            code: "PermanentRedirect",
            status: 301,
            message: "The bucket you are attempting to access must be addressed using the specified endpoint. "
                + "Please send all future requests to this endpoint.",
            details: [Detail("Endpoint", endpoint), Detail("Bucket", bucket)],
            headers: HeaderFields([.init(name: "x-amz-bucket-region", value: region.description)])
        )
    }

    /// RGN-2
    package static func temporaryRedirect(bucket: String, endpoint: String, location: String) -> S3Error {
        S3Error(
            code: "TemporaryRedirect",
            status: 307,
            message: "Please re-send this request to the specified temporary endpoint. "
                + "Continue to use the original request endpoint for future requests.",
            details: [Detail("Endpoint", endpoint), Detail("Bucket", bucket)],
            headers: HeaderFields([.init(name: "location", value: location)])
        )
    }

    /// RGN-4, header form. Clients read `Region` and try again with it.
    package static func authorizationHeaderRegionIsWrong(_ region: String, expecting expected: RegionName) -> S3Error {
        S3Error(
            code: "AuthorizationHeaderMalformed",
            status: 400,
            message: "The authorization header is malformed; the region '\(region)' is wrong; expecting '\(expected)'",
            details: [Detail("Region", expected.description)]
        )
    }

    /// RGN-4, presigned form.
    package static func credentialParameterRegionIsWrong(_ region: String, expecting expected: RegionName) -> S3Error {
        S3Error(
            code: "AuthorizationQueryParametersError",
            status: 400,
            message:
                "Error parsing the X-Amz-Credential parameter; the region '\(region)' is wrong; expecting '\(expected)'",
            details: [Detail("Region", expected.description)]
        )
    }

    // MARK: Owner and access (§1.3)

    /// `x-amz-expected-bucket-owner` is not an account ID.
    package static func invalidBucketOwner(_ value: String) -> S3Error {
        S3Error(
            code: "InvalidBucketOwnerAWSAccountID",
            status: 400,
            message: "The value of the expected bucket owner parameter must be an AWS Account ID... [\(value)]"
        )
    }

    package static func accessDenied(_ message: String = "Access Denied") -> S3Error {
        S3Error(code: "AccessDenied", status: 403, message: message)
    }

    // MARK: Methods and what is not there (§1.4)

    /// What a method was tried on.
    package enum ResourceType: String, Sendable {
        case service = "SERVICE"
        case bucket = "BUCKET"
        case object = "OBJECT"
        case deleteMarker = "DeleteMarker"
    }

    /// ERR-3
    package static func methodNotAllowed(_ method: String, on resource: ResourceType) -> S3Error {
        S3Error(
            code: "MethodNotAllowed",
            status: 405,
            message: "The specified method is not allowed against this resource.",
            details: [Detail("Method", method), Detail("ResourceType", resource.rawValue)]
        )
    }

    /// ERR-5, VER-12: a delete marker was named by its version ID.
    ///
    /// - Parameter lastModified: When the marker was made; sent with GET and HEAD.
    package static func methodNotAllowedOnDeleteMarker(_ method: String, versionID: String, lastModified: Timestamp?)
        -> S3Error
    {
        var error = Self.methodNotAllowed(method, on: .deleteMarker)
            .withHeader("x-amz-delete-marker", "true")
            .withHeader("allow", "DELETE")
            .withHeader("x-amz-version-id", versionID)
        if let lastModified { error.headers.append("last-modified", lastModified.httpDate) }
        return error
    }

    /// ERR-4
    package static func noSuchBucket(_ name: String) -> S3Error {
        S3Error(
            code: "NoSuchBucket",
            status: 404,
            message: "The specified bucket does not exist",
            details: [Detail("BucketName", name)]
        )
    }

    /// ERR-4
    package static func noSuchKey(_ key: ObjectKey) -> S3Error {
        S3Error(
            code: "NoSuchKey",
            status: 404,
            message: "The specified key does not exist.",
            details: [Detail("Key", key.description)]
        )
    }

    /// VER-10: the latest version is a delete marker.
    package static func noSuchKey(_ key: ObjectKey, deleteMarkerVersionID versionID: String) -> S3Error {
        Self.noSuchKey(key).withHeader("x-amz-delete-marker", "true").withHeader("x-amz-version-id", versionID)
    }

    /// ERR-4
    package static func noSuchVersion(_ key: ObjectKey, versionID: String) -> S3Error {
        S3Error(
            code: "NoSuchVersion",
            status: 404,
            message: Self.noSuchVersionMessage,
            details: [Detail("Key", key.description), Detail("VersionId", versionID)]
        )
    }

    /// Also the message of a failed entry of DeleteObjects (VER-16).
    package static let noSuchVersionMessage = "The specified version does not exist."

    /// ERR-6: an operation that Tern does not have.
    package static let notImplemented = S3Error(
        code: "NotImplemented",
        status: 501,
        message: "A header you provided implies functionality that is not implemented"
    )

    /// ERR-6: a header whose meaning Tern does not have.
    package static func notImplemented(header: String, additionalMessage: String? = nil) -> S3Error {
        let error = Self.notImplemented.with("Header", header)
        guard let additionalMessage else { return error }
        return error.with("additionalMessage", additionalMessage)
    }

    // MARK: The server's own state (ERR-7, ERR-8)

    package static let internalError = S3Error(
        code: "InternalError",
        status: 500,
        message: "We encountered an internal error. Please try again."
    )

    package static let slowDown = S3Error(code: "SlowDown", status: 503, message: "Please reduce your request rate.")

    package static let serviceUnavailable = S3Error(
        code: "ServiceUnavailable",
        status: 503,
        message: "Service is unable to handle request."
    )

    package static let requestTimeout = S3Error(
        code: "RequestTimeout",
        status: 400,
        message: "Your socket connection to the server was not read from or written to within the timeout period. "
            + "Idle connections will be closed."
    )

    package static let operationAborted = S3Error(
        code: "OperationAborted",
        status: 409,
        message: "A conflicting conditional operation is currently in progress against this resource. Please try again."
    )

    // MARK: Bodies (ERR-10)

    package static let malformedXML = S3Error(
        code: "MalformedXML",
        status: 400,
        message: "The XML you provided was not well-formed or did not validate against our published schema"
    )

    package static let missingRequestBody = S3Error(
        code: "MissingRequestBodyError",
        status: 400,
        message: "Request Body is empty"
    )

    package static func maxMessageLengthExceeded(maximum: Int) -> S3Error {
        S3Error(
            code: "MaxMessageLengthExceeded",
            status: 400,
            message: "Your request was too big.",
            details: [Detail("MaxMessageLengthBytes", String(maximum))]
        )
    }

    /// The body ended before its `Content-Length`.
    package static let incompleteBody = S3Error(
        code: "IncompleteBody",
        status: 400,
        message: "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )

    package static let missingContentLength = S3Error(
        code: "MissingContentLength",
        status: 411,
        message: "You must provide the Content-Length HTTP header."
    )

    // MARK: The general forms

    package static func invalidArgument(_ message: String) -> S3Error {
        S3Error(code: "InvalidArgument", status: 400, message: message)
    }

    package static func invalidArgument(_ message: String, name: String, value: String) -> S3Error {
        S3Error(
            code: "InvalidArgument",
            status: 400,
            message: message,
            details: [Detail("ArgumentName", name), Detail("ArgumentValue", value)]
        )
    }

    package static func invalidRequest(_ message: String) -> S3Error {
        S3Error(code: "InvalidRequest", status: 400, message: message)
    }
}
