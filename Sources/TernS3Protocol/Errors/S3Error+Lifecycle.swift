package import TernLifecycle

/// Errors of lifecycle and restore (spec s3-api §11.2, §11.3).
extension S3Error {
    /// A refused lifecycle configuration.
    package init(_ problem: LifecycleProblem) {
        self.init(code: problem.code, status: 400, message: problem.message)
        if let name = problem.argumentName { self.details.append(Detail("ArgumentName", name)) }
        if let value = problem.argumentValue { self.details.append(Detail("ArgumentValue", value)) }
    }

    /// RST-3
    package static func restoreNotAllowed(storageClass: String) -> S3Error {
        S3Error(
            code: "InvalidObjectState",
            status: 403,
            message: "Restore is not allowed for the object's current storage class",
            details: [Detail("StorageClass", storageClass)]
        )
    }

    /// RST-2
    package static let restoreAlreadyInProgress = S3Error(
        code: "RestoreAlreadyInProgress",
        status: 409,
        message: "Object restore is already in progress"
    )

    /// RST-4
    package static let retrievalOptionNotSupported = Self.invalidArgument(
        "Retrieval option is not supported by this storage class")

    package static let restoreDaysNotPositive = Self.invalidArgument("Restoration days should be at least 1")
}
