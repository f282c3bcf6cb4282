/// Why a replication configuration is refused: the answer to the client, in S3's words (spec §1.5).
///
/// The constants below are the checks that need more than the document: the caller makes them, in the order of C-60.
package struct ConfigurationProblem: Error, Hashable, Sendable {
    package var code: String
    /// The HTTP status.
    package var status: Int
    package var message: String
    /// `ArgumentName` of an `InvalidArgument`.
    package var argumentName: String?
    /// `ArgumentValue` of an `InvalidArgument`; the errors of replication time have none.
    package var argumentValue: String?

    package init(
        code: String,
        status: Int = 400,
        message: String,
        argumentName: String? = nil,
        argumentValue: String? = nil
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.argumentName = argumentName
        self.argumentValue = argumentValue
    }
}

extension ConfigurationProblem {
    /// E-03: the source bucket's versioning is not `Enabled`.
    package static let sourceNotVersioned = Self.invalidRequest(
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    )
    /// E-04: a destination's versioning is not `Enabled`.
    package static let destinationNotVersioned = Self.invalidRequest("Destination bucket must have versioning enabled.")
    /// E-05
    package static let destinationDoesNotExist = Self.invalidRequest("Destination bucket must exist.")
    /// E-06
    package static let destinationIsSource = Self.invalidRequest(
        "Destination bucket cannot be the same as the source bucket."
    )
    /// E-43: the caller may not pass the role, or it belongs to another account.
    package static let roleNotPassable = Self(code: "AccessDenied", status: 403, message: "Access Denied")
    /// E-45: versioning of a bucket with a replication configuration cannot be suspended.
    package static let versioningHeldByReplication = Self(
        code: "InvalidBucketState",
        status: 409,
        message: "A replication configuration is present on this bucket, so you cannot change the versioning state. "
            + "To change the versioning state, first delete the replication configuration."
    )
    /// E-07, E-08, E-09, E-49
    package static let malformedXML = Self(
        code: "MalformedXML",
        message: "The XML you provided was not well-formed or did not validate against our published schema"
    )

    static func invalidRequest(_ message: String) -> Self {
        Self(code: "InvalidRequest", message: message)
    }

    static func invalidArgument(_ message: String, name: String, value: String?) -> Self {
        Self(code: "InvalidArgument", message: message, argumentName: name, argumentValue: value)
    }

    /// E-17 to E-20. Tools match on the exact text (U-17).
    static func schemaVersion(_ element: String, _ verb: String) -> Self {
        .invalidRequest(
            "\(element) \(verb) for this version of Cross Region Replication configuration schema. "
                + "Please refer to S3 Developer Guide for more information."
        )
    }

    /// E-23
    static let deleteMarkersWithTagFilter = Self.invalidRequest(
        "Delete marker replication is not supported if any Tag filter is specified. "
            + "Please refer to S3 Developer Guide for more information."
    )
}
