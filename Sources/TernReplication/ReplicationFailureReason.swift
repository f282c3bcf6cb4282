/// Why a replication operation ended FAILED: the codes of S3's events and completion reports, verbatim.
///
/// Source: Amazon S3 User Guide, "Receiving replication failure events with Amazon S3 Event Notifications"; spec §5,
/// rules F-01 to F-39.
package enum ReplicationFailureReason: String, Error, Hashable, Sendable, CaseIterable {
    case assumeRoleNotPermitted = "AssumeRoleNotPermitted"
    case dstBucketInvalidRegion = "DstBucketInvalidRegion"
    case dstBucketNotFound = "DstBucketNotFound"
    case dstBucketObjectLockConfigMissing = "DstBucketObjectLockConfigMissing"
    case dstBucketUnversioned = "DstBucketUnversioned"
    case dstDelObjNotPermitted = "DstDelObjNotPermitted"
    case dstKmsKeyInvalidState = "DstKmsKeyInvalidState"
    case dstKmsKeyNotFound = "DstKmsKeyNotFound"
    case dstMultipartInitNotPermitted = "DstMultipartInitNotPermitted"
    case dstMultipartUploadNotPermitted = "DstMultipartUploadNotPermitted"
    case dstMultipartCompleteNotPermitted = "DstMultipartCompleteNotPermitted"
    case dstObjectHardDeleted = "DstObjectHardDeleted"
    case dstPutAclNotPermitted = "DstPutAclNotPermitted"
    case dstPutLegalHoldNotPermitted = "DstPutLegalHoldNotPermitted"
    case dstPutObjectNotPermitted = "DstPutObjectNotPermitted"
    case dstPutRetentionNotPermitted = "DstPutRetentionNotPermitted"
    case dstPutTaggingNotPermitted = "DstPutTaggingNotPermitted"
    case dstVersionNotFound = "DstVersionNotFound"
    case initiateReplicationNotPermitted = "InitiateReplicationNotPermitted"
    case srcBucketInvalidRegion = "SrcBucketInvalidRegion"
    case srcBucketNotFound = "SrcBucketNotFound"
    case srcBucketReplicationConfigMissing = "SrcBucketReplicationConfigMissing"
    case srcGetAclNotPermitted = "SrcGetAclNotPermitted"
    case srcGetLegalHoldNotPermitted = "SrcGetLegalHoldNotPermitted"
    case srcGetObjectNotPermitted = "SrcGetObjectNotPermitted"
    case srcGetRetentionNotPermitted = "SrcGetRetentionNotPermitted"
    case srcGetTaggingNotPermitted = "SrcGetTaggingNotPermitted"
    case srcHeadObjectNotPermitted = "SrcHeadObjectNotPermitted"
    case srcKeyNotFound = "SrcKeyNotFound"
    case srcKmsKeyInvalidState = "SrcKmsKeyInvalidState"
    case srcObjectNotEligible = "SrcObjectNotEligible"
    case srcObjectNotFound = "SrcObjectNotFound"
    case srcReplicationNotPending = "SrcReplicationNotPending"
    case srcVersionNotFound = "SrcVersionNotFound"
    case srcAnnotationNotFound = "SrcAnnotationNotFound"
    case srcGetObjectAnnotationNotPermitted = "SrcGetObjectAnnotationNotPermitted"
    case dstPutObjectAnnotationNotPermitted = "DstPutObjectAnnotationNotPermitted"
    case srcAnnotationEncryptionUnsupported = "SrcAnnotationEncryptionUnsupported"
    case annotationLimitExceeded = "AnnotationLimitExceeded"

    /// Whether only Batch Replication produces it.
    package var isBatchOnly: Bool {
        switch self {
        case .dstBucketInvalidRegion, .dstObjectHardDeleted, .initiateReplicationNotPermitted, .srcBucketInvalidRegion:
            true
        default: false
        }
    }

    /// Whether it says that the source is no longer there, so that live work on it has lost its object (F-40).
    package var isSourceGone: Bool {
        switch self {
        case .srcKeyNotFound, .srcObjectNotFound, .srcVersionNotFound: true
        default: false
        }
    }
}
