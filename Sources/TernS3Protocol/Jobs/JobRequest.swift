package import TernBatch
package import TernCore

/// What CreateJob asks for.
///
/// Source: Amazon S3 API Reference, "CreateJob"; batch-replication §1.3.
package struct JobRequest: Hashable, Sendable {
    package var operation: JobOperation
    package var report: JobReport
    /// The client's token: the same one makes no second job (spec rule BR-CJ-5).
    package var token: String
    /// The larger the more urgent.
    package var priority: Int
    package var roleARN: String
    package var source: JobSource
    /// What the client said; a job of whom nothing was said is confirmed too (spec rule BR-CJ-1).
    package var confirmationRequired: Bool
    package var description: String?
    package var tags: [Tag]
}

/// Where a job's tasks come from.
package enum JobSource: Hashable, Sendable {
    case manifest(JobManifest)
    case generator(ManifestGenerator)
}

/// A manifest that the client has made.
package struct JobManifest: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable, CaseIterable {
        case csv = "S3BatchOperations_CSV_20180820"
        case inventory = "S3InventoryReport_CSV_20161130"
    }

    package var format: Format
    /// The columns of a CSV manifest; `nil` for an inventory, which names its own.
    package var schema: ManifestSchema?
    package var bucket: BucketName
    package var key: ObjectKey
    package var versionID: String?
    /// Without quotes.
    package var etag: String
}

/// What is reported when a job ends.
package struct JobReport: Hashable, Sendable {
    package var isEnabled: Bool
    /// `nil` only where there is no report.
    package var bucket: BucketName?
    package var prefix: String?
    package var failedTasksOnly: Bool
    package var expectedOwner: AccountID?
}

/// What a job makes its own manifest of.
package struct ManifestGenerator: Hashable, Sendable {
    package var sourceBucket: BucketName
    package var expectedOwner: AccountID?
    /// Where the manifest is written; `nil` where it is kept to the job.
    package var output: Output?
    package var filter: ManifestFilter

    package struct Output: Hashable, Sendable {
        package var bucket: BucketName
        package var prefix: String?
        package var expectedOwner: AccountID?
        package var encryption: Encryption
    }

    package enum Encryption: Hashable, Sendable {
        /// What the bucket's default is.
        case bucketDefault
        case sseS3
        case sseKMS(keyID: String)
    }
}

/// Which versions a generated manifest has: all criteria together.
package struct ManifestFilter: Hashable, Sendable {
    /// A replication status, as the filter names them.
    package enum ReplicationStatus: String, Hashable, Sendable, CaseIterable {
        case completed = "COMPLETED"
        case failed = "FAILED"
        case replica = "REPLICA"
        /// No replication was ever attempted.
        case none = "NONE"
    }

    package enum Encryption: Hashable, Sendable {
        case sseS3
        case sseKMS(keyARN: String?, bucketKey: Bool?)
        case dsseKMS(keyARN: String?)
        case sseC
        case notEncrypted
    }

    package var eligibleForReplication = false
    /// Later than this.
    package var createdAfter: Timestamp?
    /// Earlier than this.
    package var createdBefore: Timestamp?
    /// `nil` takes every status, also PENDING.
    package var statuses: Set<ReplicationStatus>?
    package var prefix: String?
    package var suffix: String?
    package var substring: String?
    /// More than this.
    package var sizeGreaterThan: Int64?
    /// Less than this.
    package var sizeLessThan: Int64?
    package var storageClasses: Set<StorageClass>?
    package var encryption: Encryption?

    package init() {}
}
