package import TernCore

/// What a lifecycle decision depends on, of one version or delete marker.
package struct LifecycleVersion: Hashable, Sendable {
    /// Its place among the versions of its key.
    package enum Position: Hashable, Sendable {
        /// - Parameter isOnlyVersion: No noncurrent version is left of the key.
        case current(isOnlyVersion: Bool)
        /// - Parameters:
        ///   - since: When its successor was created.
        ///   - newerNoncurrent: How many noncurrent versions and markers of the key are newer.
        case noncurrent(since: Timestamp, newerNoncurrent: Int)
    }

    package var key: ObjectKey
    package var position: Position
    package var isDeleteMarker: Bool
    package var created: Timestamp
    package var byteCount: Int64
    package var storageClass: StorageClass
    package var tags: [Tag]
    /// Whether replication of the version, or of a change of it, is PENDING or FAILED (live-replication rule T-18).
    package var isHeldByReplication: Bool
    /// Whether Object Lock keeps it from being removed.
    package var isLocked: Bool
    /// Whether a restored copy is there or on its way.
    package var isRestored: Bool

    package init(
        key: ObjectKey,
        position: Position = .current(isOnlyVersion: true),
        isDeleteMarker: Bool = false,
        created: Timestamp,
        byteCount: Int64 = 0,
        storageClass: StorageClass = .standard,
        tags: [Tag] = [],
        isHeldByReplication: Bool = false,
        isLocked: Bool = false,
        isRestored: Bool = false
    ) {
        self.key = key
        self.position = position
        self.isDeleteMarker = isDeleteMarker
        self.created = created
        self.byteCount = byteCount
        self.storageClass = storageClass
        self.tags = tags
        self.isHeldByReplication = isHeldByReplication
        self.isLocked = isLocked
        self.isRestored = isRestored
    }
}

/// The versioning of the bucket that a version is in.
package enum LifecycleVersioning: Hashable, Sendable, CaseIterable {
    case never
    case enabled
    case suspended
}
