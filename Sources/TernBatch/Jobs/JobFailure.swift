/// Why a whole job failed, as DescribeJob lists it in `FailureReasons`; tasks that failed are in the report alone.
///
/// Source: Amazon S3 User Guide, "Troubleshooting Batch Operations"; batch-replication §4.5.
package struct JobFailure: Error, Hashable, Sendable {
    /// Longest code and reason that the service model allows, in characters.
    static let maximumCodeLength = 64
    static let maximumReasonLength = 256

    package var code: String
    package var reason: String

    /// Longer texts are cut.
    package init(code: String, reason: String) {
        self.code = String(code.prefix(Self.maximumCodeLength))
        self.reason = String(reason.prefix(Self.maximumReasonLength))
    }
}

extension JobFailure {
    /// What is wrong with the content of a manifest (spec rules BR-MF-8, BR-MF-9).
    package static func invalidManifest(_ reason: String) -> JobFailure {
        JobFailure(code: "InvalidManifestContent", reason: reason)
    }

    /// A row with more or fewer fields than the schema (spec rule BR-MF-8).
    package static func unexpectedFieldCount(line: Int) -> JobFailure {
        .invalidManifest("Unexpected number of task fields (line \(line))")
    }

    /// The manifest has no rows.
    package static let emptyManifest = JobFailure.invalidManifest("Invalid Manifest Content: the manifest is empty")

    /// Spec rule BR-MF-2.
    package static func manifestForbidden(_ cause: String = "AccessDenied") -> JobFailure {
        JobFailure(code: "ManifestReadForbidden", reason: "Reading the manifest is forbidden: \(cause)")
    }

    package static func manifestNotFound(_ what: String) -> JobFailure {
        JobFailure(code: "ManifestNotFound", reason: "The manifest could not be found: \(what)")
    }

    /// Spec rule BR-MF-1.
    package static let manifestETagMismatch = JobFailure(
        code: "ManifestETagMismatch", reason: "The ETag of the manifest does not match the ETag given for the job.")

    /// Spec rule BR-MF-3.
    package static func manifestEncryption(_ reason: String) -> JobFailure {
        JobFailure(code: "ManifestReadForbidden", reason: reason)
    }

    /// Spec rule BR-MG-3.
    package static let emptyGeneratedManifest = JobFailure(
        code: "EmptyGeneratedManifest", reason: "Manifest generation found no keys matching the filter criteria.")

    /// Spec rule BR-MG-4.
    package static let manifestNotWritten = JobFailure(
        code: "ManifestWriteFailed", reason: "Error occurred when preparing manifest: Failed to write manifest")

    /// What kept the generator from listing.
    package static func generatorFailed(_ reason: String) -> JobFailure {
        JobFailure(code: "ManifestGenerationFailed", reason: "Error occurred when preparing manifest: \(reason)")
    }

    /// Spec rule BR-FL-1.
    package static let noReplicationConfiguration = JobFailure(
        code: "SrcBucketReplicationConfigMissing",
        reason: "The source bucket has no replication configuration.")

    /// Spec rule BR-RP-3.
    package static let reportNotWritten = JobFailure(
        code: "ReportWriteFailed",
        reason: "The job report could not be written to your report bucket. Please check your permissions.")

    /// Spec rule BR-RP-4.
    package static func unexpectedOwner(ofBucket bucket: String) -> JobFailure {
        JobFailure(
            code: "ExpectedBucketOwnerMismatch",
            reason: "The bucket \(bucket) is not owned by the expected account.")
    }

    /// What S3ComputeObjectChecksum fails with where its report has no ExpectedBucketOwner.
    package static let ownerNotNamed = JobFailure(
        code: "ExpectedBucketOwnerMissing",
        reason: "Report.ExpectedBucketOwner is required for S3ComputeObjectChecksum.")

    package static func roleNotAssumable(_ role: String) -> JobFailure {
        JobFailure(
            code: "AssumeRoleNotPermitted",
            reason: "The role \(role) cannot be assumed by batchoperations.s3.amazonaws.com.")
    }

    /// Spec rule BR-TH-1.
    package static let tooManyTasksFailed = JobFailure(
        code: "TaskFailureThresholdExceeded",
        reason: "The job failed because more than 50 percent of its tasks failed")

    /// Spec rule BR-ST-3.
    package static let notConfirmed = JobFailure(
        code: "ConfirmationTimeout", reason: "The job was not confirmed within 30 days.")
}
