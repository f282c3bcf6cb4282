/// Errors of bucket policies (spec s3-api §12.3).
extension S3Error {
    package static func malformedPolicy(_ message: String) -> S3Error {
        S3Error(code: "MalformedPolicy", status: 400, message: message)
    }

    package static let policyNotJSON = Self.malformedPolicy(
        "Policies must be valid JSON and the first byte must be '{'")

    package static let policyWithInvalidJSON = Self.malformedPolicy("This policy contains invalid Json")

    package static let policyWithInvalidVersion = Self.malformedPolicy(
        "The policy must contain a valid version string")

    package static let policyWithoutStatement = Self.malformedPolicy(
        "Could not parse the policy: Statement is empty!")

    package static let policyTooLarge = Self.malformedPolicy("Policy exceeds the maximum allowed document size.")

    package static let policySyntax = Self.malformedPolicy("Invalid policy syntax.")

    package static func policyLacks(_ field: String) -> S3Error {
        .malformedPolicy("Missing required field \(field)")
    }

    package static let invalidPolicyPrincipal = Self.malformedPolicy("Invalid principal in policy")

    /// §9.3
    package static func publicPolicyBlocked(caller: String, bucket: String) -> S3Error {
        .accessDenied(
            "User: \(caller) is not authorized to perform: s3:PutBucketPolicy on resource: "
                + "\"arn:aws:s3:::\(bucket)\" because public policies are prevented by the BlockPublicPolicy setting in S3 "
                + "Block Public Access.")
    }
}
