import TernCore
import TernRecords
import TernReplication
import TernS3Protocol

/// Whether a destination bucket takes a replica.
enum IngestDestination: Sendable {
    case open(BucketState)
    case refused(IngestResult)
}

/// How far a replica that arrives in segments has come: the reason for want of permission is another each time (F-09 to
/// F-11).
enum IngestStage: Sendable {
    case initiation
    case part
    case completion

    func reason(_ reason: ReplicationFailureReason) -> ReplicationFailureReason {
        guard reason == .dstMultipartInitNotPermitted else { return reason }
        return switch self {
        case .initiation: .dstMultipartInitNotPermitted
        case .part: .dstMultipartUploadNotPermitted
        case .completion: .dstMultipartCompleteNotPermitted
        }
    }
}

extension ObjectService {
    /// Looks whether the destination takes the replica now, in the order of spec rule A-50. Takes the replica's tags away
    /// where the role may not bring them.
    func destination(
        of replica: inout ReplicaRecord, stage: IngestStage = .initiation
    ) async throws(S3Error) -> IngestDestination {
        let bucket: BucketState
        do {
            bucket = try await self.registry.state(replica.destinationBucket)
        } catch  where error.code == "NoSuchBucket" {
            return .refused(.refused("DstBucketNotFound", "the destination bucket does not exist"))
        }
        if !replica.destinationAccount.isEmpty, replica.destinationAccount != bucket.record.owner {
            return .refused(
                .refused(
                    stage.reason(replica.notPermitted).rawValue, "the destination belongs to another account"))
        }
        // Invariant 9.
        switch await self.permissions?.destination(of: replica, in: bucket, now: self.clock.now) {
        case nil, .open: break
        case .openWithoutTags:
            replica.version.tags = []
            replica.version.tagsStamp = 0
            replica.tagsReason = ReplicationFailureReason.dstPutTaggingNotPermitted.rawValue
        case .refused(let reason):
            return .refused(.refused(stage.reason(reason).rawValue, "the role is not permitted at the destination"))
        case .undecided:
            return .refused(
                .retry("the destination's region does not know the role, or not what the home region lets it do"))
        }
        // What it is asked for comes after this in the order.
        if replica.isInquiry { return .open(bucket) }
        guard bucket.versioning == .enabled else {
            if let refusal = try await self.keyRefusal(of: replica, in: bucket) { return .refused(refusal) }
            return .refused(.refused("DstBucketUnversioned", "the destination's versioning is not enabled"))
        }
        if replica.kind == .object, replica.version.travelsSealed,
            bucket.features.encryption?.blocksCustomerKeys == true
        {
            return .refused(.refused("DstPutObjectNotPermitted", "the destination takes no keys of customers"))
        }
        if replica.version.needsObjectLock, bucket.objectLock == nil {
            if let refusal = try await self.keyRefusal(of: replica, in: bucket) { return .refused(refusal) }
            return .refused(
                .refused(
                    "DstBucketObjectLockConfigMissing", "the version is locked, and the destination has no Object Lock")
            )
        }
        return .open(bucket)
    }

    /// What KMS says of the replica's key, where it refuses: that comes before the state of the bucket.
    private func keyRefusal(of replica: ReplicaRecord, in bucket: BucketState) async throws(S3Error) -> IngestResult? {
        guard replica.kind == .object, !replica.version.travelsSealed,
            case .refused(let result) = try await self.encryption(of: replica, in: bucket), result.code == .refused
        else { return nil }
        return result
    }

    /// What is wrong with the replica's identity or with the clock that made it; `nil` if nothing is.
    func problem(ofIdentity replica: ReplicaRecord) -> IngestResult? {
        guard replica.hasVersion, !replica.version.isNull,
            (try? ObjectKey(Array(replica.key))) != nil,
            replica.version.isDeleteMarker == (replica.kind == .deleteMarker)
        else { return .retry("the replica's record is not valid") }
        let stamp = max(replica.version.id.stamp, replica.version.newestAttributeStamp)
        guard self.clock.observe(HybridTimestamp(rawValue: stamp)) else {
            return .retry("clock: the version's stamp is too far in the future")
        }
        return nil
    }
}
