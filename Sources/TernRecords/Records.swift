import FoundationEssentials
package import TernCore

// The generated names carry the protobuf package; these are the ones to use.
package typealias VersionIdentity = Tern_Records_VersionIdentity
package typealias VersionRecord = Tern_Records_VersionRecord
package typealias BucketRecord = Tern_Records_BucketRecord
package typealias DirectoryRecord = Tern_Records_DirectoryRecord
package typealias DirectoryRow = Tern_Records_DirectoryRow
package typealias DirectoryChange = Tern_Records_DirectoryChange
package typealias SessionTokenRecord = Tern_Records_SessionTokenRecord
package typealias ControlWriteRecord = Tern_Records_ControlWriteRecord
package typealias UploadRecord = Tern_Records_UploadRecord
package typealias UploadPartRecord = Tern_Records_UploadPartRecord
package typealias CompletedUploadRecord = Tern_Records_CompletedUploadRecord
package typealias TaskRecord = Tern_Records_TaskRecord
package typealias TaskPlansRecord = Tern_Records_TaskPlansRecord
package typealias DestinationState = Tern_Records_DestinationState
package typealias AttributeState = Tern_Records_AttributeState
package typealias BodySegment = Tern_Records_BodySegment
package typealias EncryptionRecord = Tern_Records_EncryptionRecord
package typealias PartLayout = Tern_Records_PartLayout
package typealias LayoutChunk = Tern_Records_LayoutChunk
package typealias TagPair = Tern_Records_TagPair
package typealias HeaderPair = Tern_Records_HeaderPair
package typealias ChecksumValue = Tern_Records_ChecksumValue
package typealias ReplicaRecord = Tern_Records_ReplicaRecord
package typealias IngestSessionRecord = Tern_Records_IngestSessionRecord
package typealias IngestSegmentRecord = Tern_Records_IngestSegmentRecord
package typealias IngestResult = Tern_Records_IngestResult
package typealias VersioningState = Tern_Records_VersioningState
package typealias ConfigurationDocument = Tern_Records_ConfigurationDocument
package typealias AclRecord = Tern_Records_AclRecord
package typealias AclGrant = Tern_Records_AclGrant
package typealias RestoreState = Tern_Records_RestoreState
package typealias LegalHold = Tern_Records_LegalHold
package typealias KeyRecord = Tern_Records_KeyRecord
package typealias KeyState = Tern_Records_KeyState
package typealias KeyMaterial = Tern_Records_KeyMaterial
package typealias KeyAliasRecord = Tern_Records_KeyAliasRecord
package typealias KeyGrantRecord = Tern_Records_KeyGrantRecord
package typealias KeyPeerRequest = Tern_Records_KeyPeerRequest
package typealias KeyPeerAnswer = Tern_Records_KeyPeerAnswer
package typealias IAMUserRecord = Tern_Records_IAMUserRecord
package typealias IAMGroupRecord = Tern_Records_IAMGroupRecord
package typealias IAMRoleRecord = Tern_Records_IAMRoleRecord
package typealias IAMPolicyRecord = Tern_Records_IAMPolicyRecord
package typealias IAMInstanceProfileRecord = Tern_Records_IAMInstanceProfileRecord
package typealias IAMOIDCProviderRecord = Tern_Records_IAMOIDCProviderRecord
package typealias IAMUseRecord = Tern_Records_IAMUseRecord
package typealias IAMPolicyVersion = Tern_Records_IAMPolicyVersion
package typealias IAMInlinePolicy = Tern_Records_IAMInlinePolicy
package typealias IAMAccessKey = Tern_Records_IAMAccessKey
package typealias IAMPrincipalBinding = Tern_Records_IAMPrincipalBinding
package typealias AccountRecord = Tern_Records_AccountRecord
package typealias ReplicationPauseRecord = Tern_Records_ReplicationPauseRecord
package typealias BandwidthLimitRecord = Tern_Records_BandwidthLimitRecord
package typealias PlaceRecord = Tern_Records_PlaceRecord
package typealias VerificationQuery = Tern_Records_VerificationQuery
package typealias VerificationAnswer = Tern_Records_VerificationAnswer
package typealias RangeDigestRecord = Tern_Records_RangeDigestRecord
package typealias AttributeDigestRecord = Tern_Records_AttributeDigestRecord
package typealias VerifiedVersionRecord = Tern_Records_VerifiedVersionRecord
package typealias VerificationRecord = Tern_Records_VerificationRecord
package typealias VerificationCounts = Tern_Records_VerificationCounts
package typealias EventRecord = Tern_Records_EventRecord
package typealias ReplicationEventRecord = Tern_Records_ReplicationEventRecord
package typealias MetricSeriesRecord = Tern_Records_MetricSeriesRecord
package typealias MetricBlockRecord = Tern_Records_MetricBlockRecord
package typealias MetricSamples = Tern_Records_MetricSamples
package typealias ReplicationMonthRecord = Tern_Records_ReplicationMonthRecord
package typealias JobEventRecord = Tern_Records_JobEventRecord
package typealias InventoryDeliveryRecord = Tern_Records_InventoryDeliveryRecord
package typealias JobRecord = Tern_Records_JobRecord
package typealias JobFailureRecord = Tern_Records_JobFailureRecord
package typealias JobManifestRecord = Tern_Records_JobManifestRecord
package typealias JobProgressRecord = Tern_Records_JobProgressRecord
package typealias JobTaskRecord = Tern_Records_JobTaskRecord
package typealias JobTasksRecord = Tern_Records_JobTasksRecord
package typealias JobResultRecord = Tern_Records_JobResultRecord
package typealias JobResultsRecord = Tern_Records_JobResultsRecord
package typealias MultiRegionAccessPointRecord = Tern_Records_MultiRegionAccessPointRecord
package typealias MultiRegionAccessPointRegion = Tern_Records_MultiRegionAccessPointRegion
package typealias MultiRegionAccessPointCreation = Tern_Records_MultiRegionAccessPointCreation
package typealias MultiRegionAccessPointDeletion = Tern_Records_MultiRegionAccessPointDeletion
package typealias MultiRegionAccessPointPolicyChange = Tern_Records_MultiRegionAccessPointPolicyChange
package typealias MultiRegionAccessPointRequestRecord = Tern_Records_MultiRegionAccessPointRequestRecord
package typealias PublicAccessBlockRecord = Tern_Records_PublicAccessBlockRecord

extension VersionIdentity {
    package init(_ id: VersionID) {
        self.init()
        self.stamp = id.stamp.rawValue
        self.origin = id.origin
        self.random = id.random
    }

    package var versionID: VersionID {
        VersionID(stamp: HybridTimestamp(rawValue: self.stamp), origin: self.origin, random: self.random)
    }
}

extension VersionRecord {
    package var versionID: VersionID { self.id.versionID }

    /// What clients call the version.
    package var reference: VersionReference { self.isNull ? .null : .id(self.versionID) }

    package var lastModified: Timestamp { Timestamp(milliseconds: self.lastModifiedMs) }

    /// The ETag without quotes: hex MD5, with `-N` for a multipart object.
    package var etag: String { etagText(md5: self.etagMd5, partCount: self.etagPartCount) }

    package var tagSet: [Tag] { self.tags.map { Tag(key: $0.key, value: $0.value) } }

    /// Whether an encoded record is that of a delete marker, as far as its first bytes tell: listings step over heaps of
    /// them. `nil` where only decoding tells.
    package static func isDeleteMarker(encoded bytes: [UInt8]) -> Bool? {
        // Fields are written in the order of their numbers: id (1), is_null (2), is_delete_marker (3).
        guard bytes.count > 2, bytes[0] == 0x0A, bytes[1] < 0x80 else { return nil }
        var index = 2 + Int(bytes[1])
        if index + 1 < bytes.count, bytes[index] == 0x10 { index += 2 }
        guard index + 1 < bytes.count else { return nil }
        return bytes[index] == 0x18 && bytes[index + 1] == 1
    }

    /// STANDARD where none is recorded.
    package var storageClassValue: StorageClass { StorageClass(rawValue: self.storageClass) ?? .standard }
}

/// The ETag without quotes: hex MD5, with `-N` for a multipart object of N parts.
package func etagText(md5: some Sequence<UInt8>, partCount: UInt32) -> String {
    let hex = Array(md5).lowercaseHex
    return partCount == 0 ? hex : "\(hex)-\(partCount)"
}

extension TaskRecord {
    /// Takes over what the task has in common with the others of its rule.
    ///
    /// - Returns: `false` if the plans do not have it.
    package mutating func complete(by plans: TaskPlansRecord) -> Bool {
        let index = Int(self.plan) - 1
        guard plans.rules.indices.contains(index) else { return false }
        let rule = plans.rules[index]
        self.plan = 0
        self.ruleID = rule.ruleID
        self.destinationBucket = rule.destinationBucket
        self.role = rule.role
        self.storageClass = rule.storageClass
        self.destinationAccount = rule.destinationAccount
        self.ownerOverride = rule.ownerOverride
        self.replicaKmsKey = rule.replicaKmsKey
        self.metricsEnabled = rule.metricsEnabled
        // Delete markers are outside the promise of replication time (L-38).
        self.timeControl = rule.timeControl && self.kind != .deleteMarker
        return true
    }
}

extension CompletedUploadRecord {
    package var etag: String { etagText(md5: self.etagMd5, partCount: self.etagPartCount) }
}

extension PartLayout {
    package var etag: String { etagText(md5: self.md5, partCount: 0) }
}

extension TagPair {
    package init(_ tag: Tag) {
        self.init()
        self.key = tag.key
        self.value = tag.value
    }
}

extension HeaderPair {
    package init(name: String, value: String) {
        self.init()
        self.name = name
        self.value = value
    }
}

extension ChecksumValue {
    package init(_ checksum: Checksum) {
        self.init()
        self.algorithm = checksum.algorithm.rawValue
        self.isComposite = checksum.type == .composite
        self.digest = .init(checksum.digest)
        self.partCount = UInt32(checksum.partCount)
    }

    /// `nil` when no checksum is recorded.
    package var checksum: Checksum? {
        guard let algorithm = ChecksumAlgorithm(rawValue: self.algorithm) else { return nil }
        return Checksum(
            algorithm: algorithm,
            type: self.isComposite ? .composite : .fullObject,
            digest: Array(self.digest),
            partCount: Int(self.partCount)
        )
    }
}
