import Synchronization
package import TernCore
package import TernRecords
import TernReplication

/// What replication did with a version in one of its buckets, as the role of its rule: access logs have it beside the
/// requests of clients (I-22).
package struct ReplicationAccess: Sendable {
    package enum Side: Sendable {
        /// Read at the source.
        case source
        /// Written at the destination.
        case destination
    }

    package var side: Side
    package var kind: TaskRecord.Kind
    package var key: ObjectKey
    package var version: VersionID
    /// Of the object's data.
    package var byteCount: Int64
    /// The ARN of the role.
    package var role: String
    /// Whether the role was permitted what it wanted to do.
    package var isPermitted: Bool
}

/// Told of each access to a bucket that keeps an access log; must return quickly.
package typealias AccessObserver = @Sendable (ReplicationAccess, BucketState) async -> Void

/// Whoever wants to know what replication does in buckets with access logs.
package final class ReplicationAccesses: Sendable {
    private let observers = Mutex<[AccessObserver]>([])

    package func observe(_ observer: @escaping AccessObserver) { self.observers.withLock { $0.append(observer) } }

    fileprivate func tell(_ access: ReplicationAccess, in bucket: BucketState) async {
        for observer in self.observers.withLock({ $0 }) { await observer(access, bucket) }
    }
}

extension ObjectService {
    /// Tells of tasks of a source bucket that ended. What was never read is left out.
    func noteAccesses(_ settled: [SettledTask], in bucket: BucketState?) async {
        guard let bucket, bucket.features.logging != nil else { return }
        for one in settled {
            let isPermitted: Bool
            switch one.outcome {
            case .done: isPermitted = true
            case .refused(let reason): isPermitted = !reason.isRefusedAtSource
            case .cancelled: continue
            }
            await self.accesses.tell(
                ReplicationAccess(
                    side: .source, kind: one.task.kind, key: ObjectKey(trusted: Array(one.task.key)),
                    version: one.task.version.versionID, byteCount: one.task.byteCount, role: one.task.role,
                    isPermitted: isPermitted), in: bucket)
        }
    }

    /// Tells of a replica that was written to a destination bucket of this region, or that its role may not write.
    func noteAccess(_ replica: ReplicaRecord, _ result: IngestResult) async {
        if replica.isInquiry || result.code == .retry { return }
        let isPermitted = result.code == .done
        if !isPermitted, !result.reason.hasSuffix("NotPermitted") { return }
        guard let bucket = try? await self.registry.state(replica.destinationBucket), bucket.features.logging != nil
        else { return }
        await self.accesses.tell(
            ReplicationAccess(
                side: .destination, kind: replica.kind, key: ObjectKey(trusted: Array(replica.key)),
                version: replica.version.versionID, byteCount: replica.version.byteCount, role: replica.role,
                isPermitted: isPermitted), in: bucket)
    }
}

extension ReplicationFailureReason {
    /// Whether the role was refused before it had the version.
    fileprivate var isRefusedAtSource: Bool {
        self == .assumeRoleNotPermitted || (self.rawValue.hasPrefix("Src") && self.rawValue.hasSuffix("NotPermitted"))
    }
}
