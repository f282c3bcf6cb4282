import FoundationEssentials
import TernCore
import TernPorts
package import TernRecords
package import TernReplication
package import TernS3Protocol

/// How a replica's bytes are kept at their destination.
struct ReplicaEncryption: Sendable {
    /// `nil` for a replica that is not encrypted.
    var record: EncryptionRecord?
    /// `nil` where the bytes are kept as they come: in clear, or sealed at their source (SSE-C).
    var cipher: BodyCipher?
}

enum ReplicaEncryptionDecision: Sendable {
    case use(ReplicaEncryption)
    case refused(IngestResult)
}

/// What opening the source of a replica came to.
package enum SourceOpening: Sendable {
    /// `nil` for bytes that travel as they are stored, or are in clear.
    case open(BodyCipher?)
    case refused(ReplicationFailureReason, message: String)
    /// Refused by a copy of IAM that may be behind the home region's.
    case undecided(message: String)

    package var cipher: BodyCipher? {
        if case .open(let cipher) = self { cipher } else { nil }
    }

    package var refusal: ReplicationFailureReason? {
        if case .refused(let reason, _) = self { reason } else { nil }
    }

    /// Whether it was IAM or the key's policy that refused, rather than the key's state.
    fileprivate var isRefusedForWantOfPermission: Bool {
        self.refusal == .srcGetObjectNotPermitted || self.refusal == .assumeRoleNotPermitted
    }
}

/// As ``ReplicaEncryptionDecision``, by what this region knows.
private enum EncryptionVerdict {
    case use(ReplicaEncryption)
    case refused(IngestResult)
    /// IAM or the key's policy refuses the role.
    case notPermitted(IngestResult)

    var decision: ReplicaEncryptionDecision {
        switch self {
        case .use(let encryption): .use(encryption)
        case .refused(let result), .notPermitted(let result): .refused(result)
        }
    }
}

extension ObjectService {
    /// Opens a version for its replication, as the role of the task's rule (live-replication §4.2). A refusal for want of
    /// permission is one by IAM as it was at the task's request, or later (ACC-9).
    package func openSource(
        of version: StoredVersion, for task: TaskRecord, in source: BucketState
    ) async throws(S3Error) -> SourceOpening {
        if version.record.travelsSealed { return .open(nil) }
        let freshness = self.permissions?.freshness
        let isCurrent = freshness?.isCurrent(asOf: Timestamp(milliseconds: task.requestMs)) ?? true
        let opening = try await self.tryOpening(version, role: task.role, in: source)
        guard let freshness, !isCurrent, opening.isRefusedForWantOfPermission else { return opening }
        guard await freshness.catchUp() else {
            return .undecided(
                message: "the role may not use the version's key by this region's copy of IAM, which may be behind the "
                    + "home region's")
        }
        return try await self.tryOpening(version, role: task.role, in: source)
    }

    /// By what this region knows.
    private func tryOpening(
        _ version: StoredVersion, role: String, in source: BucketState
    ) async throws(S3Error) -> SourceOpening {
        var caller = KeyCaller.objectStore
        if version.record.encryption.isUnderKMS {
            guard let found = await self.encryption.replicationCaller(role) else {
                return .refused(.assumeRoleNotPermitted, message: "the role \(role) does not exist")
            }
            caller = found
        }
        do throws(S3Error) {
            return .open(
                try await self.cipher(of: version.record, key: version.key, in: source, access: KeyAccess(caller)))
        } catch {
            switch error.code {
            case S3Error.accessDenied().code: return .refused(.srcGetObjectNotPermitted, message: error.message)
            case _ where error.code.hasPrefix("KMS.") && error.status < 500:
                return .refused(.srcKmsKeyInvalidState, message: error.message)
            default: throw error
            }
        }
    }

    /// Decides how a replica is encrypted (live-replication rules P-11 to P-14): as its source; and where that is in
    /// clear, as the destination has it for new objects. What cannot be encrypted so is not taken. A refusal for want of
    /// permission is one by IAM as it was when this was called, or later (ACC-9).
    ///
    /// - Parameter existing: The keys of stored bytes that the replica takes over.
    func encryption(
        of replica: ReplicaRecord, in bucket: BucketState, reusing existing: BodyCipher? = nil
    ) async throws(S3Error) -> ReplicaEncryptionDecision {
        let freshness = self.permissions?.freshness
        let isCurrent = freshness?.isCurrent(asOf: self.clock.now) ?? true
        let verdict = try await self.tryEncrypting(replica, in: bucket, reusing: existing)
        guard let freshness, !isCurrent, case .notPermitted = verdict else { return verdict.decision }
        guard await freshness.catchUp() else {
            return .refused(
                .retry("the destination's region does not know what the home region lets the role do with the key"))
        }
        return try await self.tryEncrypting(replica, in: bucket, reusing: existing).decision
    }

    /// By what this region knows.
    private func tryEncrypting(
        _ replica: ReplicaRecord, in bucket: BucketState, reusing existing: BodyCipher?
    ) async throws(S3Error) -> EncryptionVerdict {
        let source = replica.version.encryption
        var request = EncryptionRequest()
        switch source.kind {
        case .sseC:
            if bucket.features.encryption?.blocksCustomerKeys == true {
                return .refused(.refused("DstPutObjectNotPermitted", "the destination takes no keys of customers"))
            }
            return .use(ReplicaEncryption(record: source))
        case .sseS3:
            // A region that cannot keep the promise waits for a root key, rather than break it.
            if self.encryption.rootKey == nil {
                return .refused(.retry("the version is encrypted, and this region has no root key"))
            }
            request.method = .sseS3
        case .sseKms, .dsseKms:
            guard self.encryption.keyService != nil else {
                return .refused(.retry("the version is under a KMS key, and this region has no KMS"))
            }
            guard !replica.replicaKmsKey.isEmpty else {
                return .refused(.refused("DstKmsKeyNotFound", "the rule names no key for replicas"))
            }
            var choice = EncryptionRequest.KMSChoice(keyID: replica.replicaKmsKey, usesBucketKey: source.bucketKey)
            for pair in source.kmsContext { choice.context[pair.name] = pair.value }
            request.method = source.kind == .sseKms ? .kms(choice) : .doubleKMS(choice)
        case .none, .UNRECOGNIZED:
            request.method = .bucketDefault
        }
        // where the source is in clear, the destination's default may ask for KMS.
        let preset = replica.version.hasEncryption ? nil : bucket.features.encryption?.method
        if source.isUnderKMS || preset == .kms || preset == .doubleKMS {
            guard let caller = await self.encryption.replicationCaller(replica.role) else {
                return .notPermitted(.refused("AssumeRoleNotPermitted", "the role \(replica.role) does not exist"))
            }
            request.caller = caller
        }
        do throws(S3Error) {
            let made = try await self.newEncryption(
                request, for: ObjectKey(trusted: Array(replica.key)), in: bucket, reusing: existing)
            return .use(ReplicaEncryption(record: made?.record, cipher: made?.cipher))
        } catch {
            guard let refusal = Self.destinationRefusal(error) else { throw error }
            return refusal
        }
    }

    /// Live-replication rules F-07, F-08, A-33.
    private static func destinationRefusal(_ error: S3Error) -> EncryptionVerdict? {
        switch error.code {
        case "KMS.NotFoundException": .refused(.refused("DstKmsKeyNotFound", error.message))
        case "KMS.DisabledException", "KMS.KMSInvalidStateException", "KMS.InvalidKeyUsageException":
            .refused(.refused("DstKmsKeyInvalidState", error.message))
        case S3Error.accessDenied().code: .notPermitted(.refused("DstPutObjectNotPermitted", error.message))
        case S3Error.encryptionNotConfigured.code:
            .refused(.retry("the destination encrypts, and this region has no root key"))
        default: nil
        }
    }
}

extension EncryptionRecord {
    package var isUnderKMS: Bool { self.kind == .sseKms || self.kind == .dsseKms }
}
