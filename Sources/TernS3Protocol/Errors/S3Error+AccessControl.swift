/// Errors of ACLs and ownership (spec s3-api §9.2).
extension S3Error {
    /// ACL-1
    package static func invalidObjectOwnership(_ value: String) -> S3Error {
        Self.invalidArgument("Invalid x-amz-object-ownership header: \(value)")
            .with("ArgumentName", "x-amz-object-ownership")
    }

    /// ACL-2: Object Ownership of the bucket is BucketOwnerEnforced.
    package static let aclNotSupported = S3Error(
        code: "AccessControlListNotSupported",
        status: 400,
        message: "The bucket does not allow ACLs"
    )

    /// ACL-6: without a message, as in S3.
    package static func unknownCannedACL(_ value: String) -> S3Error {
        .invalidArgument("", name: "x-amz-acl", value: value)
    }

    /// ACL-7
    package static let cannedACLWithGrants = Self.invalidRequest(
        "Specifying both Canned ACLs and Header Grants is not allowed"
    )

    /// ACL-7: an ACL in the headers and a body.
    package static let unexpectedContent = S3Error(
        code: "UnexpectedContent",
        status: 400,
        message: "This request does not support content"
    )

    /// ACL-7: an ACL neither in the headers nor in a body.
    package static let missingACL = S3Error(
        code: "MissingSecurityHeader",
        status: 400,
        message: "Your request was missing a required header",
        details: [Detail("MissingHeaderName", "x-amz-acl")]
    )

    /// ACL-8
    package static func invalidGroupURI(_ uri: String, argument: String) -> S3Error {
        .invalidArgument("Invalid group uri", name: argument, value: uri)
    }

    /// ACL-8: no account has this canonical ID.
    package static func invalidCanonicalID(_ id: String, argument: String) -> S3Error {
        .invalidArgument("Invalid id", name: argument, value: id)
    }

    /// ACL-8
    package static func grantNotRecognized(header: String, value: String) -> S3Error {
        .invalidArgument("Argument format not recognized", name: header, value: value)
    }

    /// ACL-8
    package static let malformedACL = S3Error(
        code: "MalformedACLError",
        status: 400,
        message: Self.malformedXML.message
    )
}
