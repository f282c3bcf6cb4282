import TernCore
import TernRecords
import TernReplication
import TernS3Protocol

/// Whether a destination bucket takes a replica.
enum IngestDestination: Sendable {
    case open(BucketState)
    case refused(IngestResult)
}

extension ObjectService {
    /// Looks whether the destination takes the replica now, in the order of spec rule A-50.
    func destination(of replica: ReplicaRecord) async throws(S3Error) -> IngestDestination {
        let bucket: BucketState
        do {
            bucket = try await self.registry.state(replica.destinationBucket)
        } catch  where error.code == "NoSuchBucket" {
            return .refused(.refused("DstBucketNotFound", "the destination bucket does not exist"))
        }
        if !replica.destinationAccount.isEmpty, replica.destinationAccount != bucket.record.owner {
            return .refused(.refused(Self.notPermitted(replica), "the destination belongs to another account"))
        }
        // Invariant 9: until bucket policies are evaluated, a bucket takes replicas of its owner's roles only.
        if let account = ARN.account(of: replica.role), account != bucket.owner {
            return .refused(
                .refused(Self.notPermitted(replica), "the destination's owner has not allowed the role"))
        }
        guard bucket.versioning == .enabled else {
            return .refused(.refused("DstBucketUnversioned", "the destination's versioning is not enabled"))
        }
        if replica.version.needsObjectLock, bucket.objectLock == nil {
            return .refused(
                .refused(
                    "DstBucketObjectLockConfigMissing", "the version is locked, and the destination has no Object Lock")
            )
        }
        return .open(bucket)
    }

    /// The reason for a wrong `Account` is that of the operation (spec rule A-50).
    private static func notPermitted(_ replica: ReplicaRecord) -> String {
        switch replica.kind {
        case .deleteMarker: "DstDelObjNotPermitted"
        case .tags:
            switch replica.version.newestAttribute {
            case .tags: "DstPutTaggingNotPermitted"
            case .acl: "DstPutAclNotPermitted"
            case .retention: "DstPutRetentionNotPermitted"
            case .legalHold: "DstPutLegalHoldNotPermitted"
            }
        default: "DstPutObjectNotPermitted"
        }
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
