package import TernCore

/// Where a rule sends versions, and what becomes of them there.
///
/// Source: Amazon S3 API Reference, Destination.
package struct Destination: Hashable, Sendable {
    package var bucket: BucketName
    /// The partition of the bucket's ARN, such as `aws`.
    package var partition: String
    /// The account that must own the destination bucket; not compared with the real owner at PUT (C-38).
    package var account: String?
    /// The replica's storage class; `nil` keeps the source's (P-10).
    package var storageClass: StorageClass?
    /// Whether the destination bucket's owner becomes the replica's owner (P-15).
    package var ownerOverride: Bool
    /// The key or alias ARN under which SSE-KMS replicas are encrypted (P-12).
    package var replicaKMSKeyID: String?
    package var replicationTime: ReplicationTime?
    package var metrics: ReplicationMetrics?

    package init(
        bucket: BucketName,
        partition: String = "aws",
        account: String? = nil,
        storageClass: StorageClass? = nil,
        ownerOverride: Bool = false,
        replicaKMSKeyID: String? = nil,
        replicationTime: ReplicationTime? = nil,
        metrics: ReplicationMetrics? = nil
    ) {
        self.bucket = bucket
        self.partition = partition
        self.account = account
        self.storageClass = storageClass
        self.ownerOverride = ownerOverride
        self.replicaKMSKeyID = replicaKMSKeyID
        self.replicationTime = replicationTime
        self.metrics = metrics
    }

    package var bucketARN: String { "arn:\(self.partition):s3:::\(self.bucket)" }
}

/// S3 Replication Time Control of a rule. The threshold is always 15 minutes (spec rule C-31).
package struct ReplicationTime: Hashable, Sendable {
    package var isEnabled: Bool

    package init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    /// The only threshold there is, for `ReplicationTime` and `Metrics` alike (N-04).
    package static let thresholdMinutes = 15
}

/// The metrics and events of a rule.
package struct ReplicationMetrics: Hashable, Sendable {
    package var isEnabled: Bool
    /// Whether the document has an `EventThreshold`, which is always 15 minutes (C-30).
    package var hasEventThreshold: Bool

    package init(isEnabled: Bool, hasEventThreshold: Bool) {
        self.isEnabled = isEnabled
        self.hasEventThreshold = hasEventThreshold
    }
}
