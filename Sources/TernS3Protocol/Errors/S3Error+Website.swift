/// Errors of website configurations (spec s3-api §12.7).
extension S3Error {
    package static func indexDocumentSuffix(_ suffix: String) -> S3Error {
        .invalidArgument("The IndexDocument Suffix is not well formed", name: "IndexDocument", value: suffix)
    }

    package static let indexDocumentMissing = Self.invalidArgument(
        "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        name: "IndexDocument", value: "null")

    package static let redirectAllWithOtherRules = Self.invalidArgument(
        "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        name: "RedirectAllRequestsTo", value: "not null")

    package static let invalidRedirectProtocol = Self.invalidRequest(
        "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.")

    package static let bothKeyReplacements = Self.invalidRequest(
        "You can only define ReplaceKeyPrefix or ReplaceKey but not both.")

    package static let emptyRoutingCondition = Self.invalidRequest(
        "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be "
            + "present.")
}
