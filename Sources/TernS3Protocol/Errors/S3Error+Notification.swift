/// Errors of notification configurations (spec s3-api §13.1).
extension S3Error {
    /// NTF-4
    package static func invalidFilterRuleName(_ name: String) -> S3Error {
        .invalidArgument("filter rule name must be either prefix or suffix", name: "FilterRule.Name", value: name)
    }

    /// NTF-4
    package static func repeatedFilterRule(_ name: String) -> S3Error {
        .invalidArgument(
            "Cannot specify more than one \(name) rule in a filter.", name: "FilterRule.Name", value: name)
    }

    /// NTF-4
    package static let unsupportedEvent = Self.invalidArgument("A specified event is not supported for notifications")

    /// NTF-5
    package static let overlappingNotifications = Self.invalidArgument(
        "Configurations overlap. Configurations on the same bucket cannot share a common event type.")

    /// NTF-5
    package static let tooManyNotificationConfigurations = Self.invalidArgument(
        "A maximum of 100 notification configurations are allowed on a bucket.")

    /// NTF-3: destinations that cannot be used, each with the reason.
    package static func invalidNotificationDestinations(_ faults: [(arn: String, reason: String)]) -> S3Error {
        var details: [Detail] = []
        for (index, fault) in faults.enumerated() {
            details.append(Detail("ArgumentName\(index + 1)", fault.arn))
            details.append(Detail("ArgumentValue\(index + 1)", fault.reason))
        }
        return S3Error(
            code: "InvalidArgument", status: 400,
            message: "Unable to validate the following destination configurations", details: details)
    }
}
