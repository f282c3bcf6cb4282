package import TernCore

/// Why a lifecycle configuration is refused, with S3's code and words (spec s3-api §11.3). All are answered 400.
package struct LifecycleProblem: Error, Hashable, Sendable {
    package var code: String
    package var message: String
    package var argumentName: String?
    package var argumentValue: String?

    private init(_ code: String, _ message: String, name: String? = nil, value: String? = nil) {
        self.code = code
        self.message = message
        self.argumentName = name
        self.argumentValue = value
    }

    private static func argument(_ message: String) -> LifecycleProblem { Self("InvalidArgument", message) }
    private static func request(_ message: String) -> LifecycleProblem { Self("InvalidRequest", message) }

    package static func invalidMinimumSize(_ value: String) -> LifecycleProblem {
        .request("Invalid TransitionDefaultMinimumObjectSize found: \(value)")
    }

    package static func dateNotAtMidnight(_ value: String) -> LifecycleProblem {
        Self("InvalidArgument", "'Date' must be at midnight GMT", name: "Date", value: value)
    }

    package static let duplicateTagKeys = Self.request("Duplicate Tag Keys are not allowed.")
    package static let idTooLong = Self.argument("ID length should not exceed allowed limit of 255")
    package static let idRepeated = Self.argument("Rule ID must be unique. Found same ID for more than one rule")
    package static let noAction = Self.request("At least one action needs to be specified in a rule")

    package static let expirationDaysNotPositive = Self.argument(
        "'Days' for Expiration action must be a positive integer")
    package static let transitionDaysNegative = Self.argument(
        "'Days' for Transition action must be a non-negative integer")
    package static let noncurrentTransitionDaysNegative = Self.argument(
        "'NoncurrentDays' for NoncurrentVersionTransition action must be a non-negative integer")
    package static let noncurrentDaysNotPositive = Self.argument(
        "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
    package static let abortDaysNotPositive = Self.argument(
        "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")

    package static func newerVersionsOutOfRange(_ action: String) -> LifecycleProblem {
        .argument("'NewerNoncurrentVersions' for \(action) action must be an integer between 1 and 100")
    }

    package static func newerVersionsWithoutFilter(_ action: String) -> LifecycleProblem {
        .request("'NewerNoncurrentVersions' for \(action) action requires a Filter in the rule")
    }

    /// The two infrequent-access classes take objects of 30 days.
    package static func tooEarly(_ field: String, _ action: String, _ storageClass: StorageClass) -> LifecycleProblem {
        .argument(
            "'\(field)' in \(action) action must be greater than or equal to 30 for storageClass "
                + "'\(storageClass.rawValue)'")
    }

    package static func expirationNotAfterTransition(_ field: String, prefix: String) -> LifecycleProblem {
        .argument(
            "'\(field)' in the Expiration action for filter '(prefix=\(prefix))' must be greater than '\(field)' in the "
                + "Transition action")
    }

    package static func mixedDateAndDays(prefix: String) -> LifecycleProblem {
        .request(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter "
                + "'(prefix=\(prefix))'")
    }

    /// Uploads and delete markers have neither tags nor a size.
    package static func notWithFilter(_ action: String, _ predicate: String) -> LifecycleProblem {
        .request("\(action) cannot be specified with \(predicate)")
    }
}
