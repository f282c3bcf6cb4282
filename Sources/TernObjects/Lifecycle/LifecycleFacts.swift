package import TernCore
package import TernLifecycle
package import TernRecords

extension LifecycleVersion {
    /// What lifecycle has to know of a stored version.
    package init(_ record: VersionRecord, key: ObjectKey, position: Position, now: Timestamp) {
        self.init(
            key: key,
            position: position,
            isDeleteMarker: record.isDeleteMarker,
            created: record.lastModified,
            byteCount: record.byteCount,
            storageClass: record.storageClassValue,
            tags: record.tagSet,
            isHeldByReplication: record.destinations.contains { $0.holdsLifecycle },
            isLocked: record.isProtected(at: now),
            isRestored: record.restoreStatus(at: now) != nil
        )
    }
}

extension DestinationState {
    /// Live-replication rule T-18: lifecycle waits while the version, or a change of it, is PENDING or FAILED.
    fileprivate var holdsLifecycle: Bool {
        self.contains(.pending) || self.contains(.failed)
    }
}

extension BucketState {
    var lifecycleVersioning: LifecycleVersioning {
        switch self.versioning {
        case .enabled: .enabled
        case .suspended: .suspended
        case .never, .UNRECOGNIZED: .never
        }
    }
}

extension ObjectService {
    /// What decides over the versions of a bucket; `nil` where no rule is enabled.
    package func lifecycle(of bucket: BucketState) -> LifecycleEvaluator? {
        guard let configuration = bucket.lifecycle, configuration.isActive else { return nil }
        return LifecycleEvaluator(configuration, calendar: self.options.calendar)
    }

    /// When the current version of an object will expire, for `x-amz-expiration` (LC-8).
    package func expiration(of record: VersionRecord, key: ObjectKey, in bucket: BucketState) -> LifecycleNotice? {
        guard let lifecycle = self.lifecycle(of: bucket) else { return nil }
        return lifecycle.expiration(
            of: LifecycleVersion(record, key: key, position: .current(isOnlyVersion: true), now: self.clock.now))
    }

    /// When an upload will be aborted, for `x-amz-abort-date` (LC-8).
    package func abortion(ofUploadTo key: ObjectKey, initiated: Timestamp, in bucket: BucketState) -> LifecycleNotice? {
        self.lifecycle(of: bucket)?.abort(ofUploadTo: key, initiated: initiated)
    }
}
