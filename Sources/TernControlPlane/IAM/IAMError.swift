/// An error of IAM, with its code, status and message as they stand on the wire (specification §3.4).
package struct IAMError: Error, Hashable, Sendable {
    package var code: String
    package var status: Int
    package var message: String

    package init(code: String, status: Int, message: String) {
        self.code = code
        self.status = status
        self.message = message
    }
}

extension IAMError {
    // MARK: Entities that are not there, or are there already

    static func noSuchEntity(_ message: String) -> IAMError {
        IAMError(code: "NoSuchEntity", status: 404, message: message)
    }

    /// - Parameter kind: `user`, `role`, `group`, `role policy`…
    package static func notFound(_ kind: String, _ name: String) -> IAMError {
        self.noSuchEntity("The \(kind) with name \(name) cannot be found.")
    }

    static func accessKeyNotFound(_ id: String) -> IAMError {
        self.noSuchEntity("The Access Key with id \(id) cannot be found.")
    }

    package static func policyNotFound(_ arn: String) -> IAMError {
        self.noSuchEntity("Policy \(arn) was not found.")
    }

    static func policyNotAttachable(_ arn: String) -> IAMError {
        self.noSuchEntity("Policy \(arn) does not exist or is not attachable.")
    }

    static func policyVersionNotFound(_ arn: String, _ version: String) -> IAMError {
        self.noSuchEntity("Policy \(arn) version \(version) does not exist or is not attachable.")
    }

    static func alreadyExists(_ message: String) -> IAMError {
        IAMError(code: "EntityAlreadyExists", status: 409, message: message)
    }

    // MARK: Changes that are refused

    static func deleteConflict(_ message: String) -> IAMError {
        IAMError(code: "DeleteConflict", status: 409, message: message)
    }

    static func limitExceeded(_ message: String) -> IAMError {
        IAMError(code: "LimitExceeded", status: 409, message: message)
    }

    static func quota(_ name: String, _ limit: Int) -> IAMError {
        self.limitExceeded("Cannot exceed quota for \(name): \(limit)")
    }

    static func unmodifiable(_ message: String) -> IAMError {
        IAMError(code: "UnmodifiableEntity", status: 400, message: message)
    }

    // MARK: What cannot be understood

    static func malformedPolicy(_ message: String) -> IAMError {
        IAMError(code: "MalformedPolicyDocument", status: 400, message: message)
    }

    package static func validation(_ message: String) -> IAMError {
        IAMError(code: "ValidationError", status: 400, message: message)
    }

    /// A value that breaks the model's constraint on its member.
    package static func constraint(_ value: String, _ member: String, _ constraint: String) -> IAMError {
        self.validation(
            "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy constraint: \(constraint)")
    }

    package static let invalidARN = IAMError.validation("Invalid ARN:  Could not be parsed!")

    package static func invalidInput(_ message: String) -> IAMError {
        IAMError(code: "InvalidInput", status: 400, message: message)
    }

    // MARK: The server's own

    package static func serviceFailure(_ message: String) -> IAMError {
        IAMError(code: "ServiceFailure", status: 500, message: message)
    }
}
