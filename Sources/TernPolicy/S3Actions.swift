/// The actions of S3 that a bucket's policy may name, and what they are done to.
///
/// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
enum S3Actions {
    struct Action: Sendable {
        /// In lower case, with `s3:`.
        var name: String
        var bytes: [UInt8]
        var level: Level
    }

    enum Level: Sendable {
        case object
        case bucket
        /// Done to an account, an access point or a job: a bucket's policy knows the name, and has no resource for it.
        case other
    }

    static let all: [Action] =
        Self.actions(Self.objectNames, .object) + Self.actions(Self.bucketNames, .bucket)
        + Self.actions(Self.otherNames, .other)

    /// Those that a text of `Action` stands for.
    static func matching(_ pattern: ActionPattern) -> [Action] { self.all.filter { pattern.matches($0.bytes) } }

    private static func actions(_ names: [String], _ level: Level) -> [Action] {
        names.map { name in
            let name = "s3:\(name)".lowercased()
            return Action(name: name, bytes: Array(name.utf8), level: level)
        }
    }

    private static let objectNames = [
        "AbortMultipartUpload", "BypassGovernanceRetention", "DeleteObject", "DeleteObjectAnnotation",
        "DeleteObjectTagging", "DeleteObjectVersion", "DeleteObjectVersionAnnotation", "DeleteObjectVersionTagging",
        "GetObject", "GetObjectAcl", "GetObjectAnnotation", "GetObjectAttributes", "GetObjectLegalHold",
        "GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "GetObjectVersion", "GetObjectVersionAcl",
        "GetObjectVersionAnnotation", "GetObjectVersionAttributes", "GetObjectVersionForReplication",
        "GetObjectVersionTagging", "GetObjectVersionTorrent", "InitiateReplication", "ListMultipartUploadParts",
        "ListObjectAnnotations", "ListObjectVersionAnnotations", "ObjectOwnerOverrideToBucketOwner", "PutObject",
        "PutObjectAcl", "PutObjectAnnotation", "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging",
        "PutObjectVersionAcl", "PutObjectVersionAnnotation", "PutObjectVersionTagging", "ReplicateDelete",
        "ReplicateObject", "ReplicateTags", "RestoreObject", "UpdateObjectEncryption",
    ]

    private static let bucketNames = [
        "CreateBucket", "CreateBucketMetadataTableConfiguration", "DeleteBucket",
        "DeleteBucketMetadataTableConfiguration", "DeleteBucketOwnershipControls", "DeleteBucketPolicy",
        "DeleteBucketPublicAccessBlock", "DeleteBucketWebsite", "GetAccelerateConfiguration",
        "GetAnalyticsConfiguration", "GetBucketAbac", "GetBucketAcl", "GetBucketCORS", "GetBucketLocation",
        "GetBucketLogging", "GetBucketMetadataTableConfiguration", "GetBucketNotification",
        "GetBucketObjectLockConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPolicyStatus",
        "GetBucketPublicAccessBlock", "GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning",
        "GetBucketWebsite", "GetEncryptionConfiguration", "GetIntelligentTieringConfiguration",
        "GetInventoryConfiguration", "GetLifecycleConfiguration", "GetMetricsConfiguration",
        "GetReplicationConfiguration", "ListBucket", "ListBucketMultipartUploads", "ListBucketVersions",
        "ListTagsForResource", "PauseReplication", "PutAccelerateConfiguration", "PutAnalyticsConfiguration",
        "PutBucketAbac", "PutBucketAcl", "PutBucketCORS", "PutBucketLogging", "PutBucketNotification",
        "PutBucketObjectLockConfiguration", "PutBucketOwnershipControls", "PutBucketPolicy",
        "PutBucketPublicAccessBlock", "PutBucketRequestPayment", "PutBucketTagging", "PutBucketVersioning",
        "PutBucketWebsite", "PutEncryptionConfiguration", "PutIntelligentTieringConfiguration",
        "PutInventoryConfiguration", "PutLifecycleConfiguration", "PutMetricsConfiguration",
        "PutReplicationConfiguration", "TagResource", "UntagResource",
        "UpdateBucketMetadataInventoryTableConfiguration", "UpdateBucketMetadataJournalTableConfiguration",
    ]

    private static let otherNames = [
        "CreateAccessPoint", "CreateJob", "CreateMultiRegionAccessPoint", "DeleteAccessPoint",
        "DeleteAccessPointPolicy", "DeleteJobTagging", "DeleteMultiRegionAccessPoint",
        "DeleteStorageLensConfiguration", "DeleteStorageLensConfigurationTagging", "DescribeJob",
        "DescribeMultiRegionAccessPointOperation", "GetAccessPoint", "GetAccessPointPolicy",
        "GetAccessPointPolicyStatus", "GetAccountPublicAccessBlock", "GetJobTagging", "GetMultiRegionAccessPoint",
        "GetMultiRegionAccessPointPolicy", "GetMultiRegionAccessPointPolicyStatus",
        "GetMultiRegionAccessPointRoutes", "GetStorageLensConfiguration", "GetStorageLensConfigurationTagging",
        "GetStorageLensDashboard", "ListAccessPoints", "ListAllMyBuckets", "ListJobs", "ListMultiRegionAccessPoints",
        "ListStorageLensConfigurations", "PutAccessPointPolicy", "PutAccessPointPublicAccessBlock",
        "PutAccountPublicAccessBlock", "PutJobTagging", "PutMultiRegionAccessPointPolicy",
        "PutStorageLensConfiguration", "PutStorageLensConfigurationTagging", "SubmitMultiRegionAccessPointRoutes",
        "UpdateJobPriority", "UpdateJobStatus",
    ]
}
