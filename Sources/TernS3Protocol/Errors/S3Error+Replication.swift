package import TernReplication

extension S3Error {
    /// A refused replication configuration (spec live-replication §1.5).
    package init(_ problem: ConfigurationProblem) {
        self.init(code: problem.code, status: problem.status, message: problem.message)
        if let name = problem.argumentName { self.details.append(Detail("ArgumentName", name)) }
        if let value = problem.argumentValue { self.details.append(Detail("ArgumentValue", value)) }
    }

    /// E-45: PutBucketVersioning `Suspended` on a bucket with a replication configuration.
    package static let versioningHeldByReplication = S3Error(.versioningHeldByReplication)
}
