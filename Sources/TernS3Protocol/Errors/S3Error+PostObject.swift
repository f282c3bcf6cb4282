/// Errors of browser uploads (spec rules SIG-70 to SIG-74).
extension S3Error {
    package static let postWithoutForm = S3Error(
        code: "PreconditionFailed", status: 412,
        message: "At least one of the pre-conditions you specified did not hold",
        details: [Detail("Condition", "Bucket POST must be of the enclosure-type multipart/form-data")])

    package static let malformedPOSTRequest = S3Error(
        code: "MalformedPOSTRequest", status: 400,
        message: "The body of your POST request is not well-formed multipart/form-data.")

    package static let postFieldsTooLarge = S3Error(
        code: "MaxPostPreDataLengthExceeded", status: 400,
        message: "Your POST request fields preceeding the upload file was too large.")

    package static func postFileCount(_ count: Int) -> S3Error {
        .invalidArgument(
            "POST requires exactly one file upload per request.", name: "file", value: String(count))
    }

    /// - Parameter name: As S3 writes it: `key`, `AWSAccessKeyId`, `X-Amz-Signature`.
    package static func postFieldMissing(_ name: String) -> S3Error {
        .invalidArgument(
            "Bucket POST must contain a field named '\(name)'.  If it is specified, please check the order of the "
                + "fields.",
            name: name, value: "")
    }

    package static func invalidPostPolicy(_ fault: String) -> S3Error {
        S3Error(code: "InvalidPolicyDocument", status: 400, message: "Invalid Policy: \(fault)")
    }

    package static func postPolicyViolated(_ fault: String) -> S3Error {
        .accessDenied("Invalid according to Policy: \(fault)")
    }

    /// SIG-73
    package static func entityTooSmall(proposed: Int64, minimum: Int64) -> S3Error {
        S3Error(
            code: "EntityTooSmall", status: 400,
            message: "Your proposed upload is smaller than the minimum allowed size",
            details: [Detail("ProposedSize", String(proposed)), Detail("MinSizeAllowed", String(minimum))])
    }
}
