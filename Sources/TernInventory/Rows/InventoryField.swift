/// The optional columns of a report, in the order in which they stand in it (batch-replication §8.4).
package enum InventoryField: String, Hashable, Sendable, CaseIterable {
    case size = "Size"
    case lastModifiedDate = "LastModifiedDate"
    case eTag = "ETag"
    case storageClass = "StorageClass"
    case isMultipartUploaded = "IsMultipartUploaded"
    case replicationStatus = "ReplicationStatus"
    case encryptionStatus = "EncryptionStatus"
    case objectLockRetainUntilDate = "ObjectLockRetainUntilDate"
    case objectLockMode = "ObjectLockMode"
    case objectLockLegalHoldStatus = "ObjectLockLegalHoldStatus"
    case intelligentTieringAccessTier = "IntelligentTieringAccessTier"
    case bucketKeyStatus = "BucketKeyStatus"
    case checksumAlgorithm = "ChecksumAlgorithm"
    case objectAccessControlList = "ObjectAccessControlList"
    case objectOwner = "ObjectOwner"
    case lifecycleExpirationDate = "LifecycleExpirationDate"
}
