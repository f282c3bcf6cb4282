package import Logging
package import TernCore
package import TernLifecycle
package import TernPorts
import TernReplication
import TernS3Protocol
package import TernStorage

/// Versioned buckets and objects of one region, over one storage engine.
///
/// Stateless but for caches: everything durable is in the stores. Each write is one commit in one partition, in which
/// its replication tasks are included (`docs/architecture.md`).
package final class ObjectService: Sendable {
    package struct Options: Sendable {
        /// Bodies up to this many bytes travel inside the metadata commit.
        package var inlineThresholdBytes = 32 * 1024
        /// The largest object, in bytes.
        package var maximumObjectBytes: Int64 = 53_687_091_200_000
        /// The least size of a part that is not the last; simulations have smaller ones.
        package var minimumPartBytes = S3Limits.minimumPartByteCount
        /// Buckets that one account may have.
        package var bucketsPerAccount = 10_000

        /// How long a lifecycle day is.
        package var calendar = LifecycleCalendar()
        /// How long a restore takes.
        package var restoreDelays = RestoreDelays()

        /// The targets that events can go to, by ARN; ``NotificationRules/eventBridgeTarget`` among them where the region
        /// has one for it. With the accounts whose buckets may send there, `nil` for all.
        package var eventTargets: [String: Set<String>?] = [:]

        /// The storage pools of the classes that have one.
        package var poolOfClass: [StorageClass: String] = [:]

        /// So many tasks, and events, whose commit had an unknown outcome are noted; with more, writes find out about some
        /// before.
        package var maximumDoubts = 10_000

        /// When an operation under replication time has missed its promise, from the client's request on. S3's is
        /// 15 minutes (C-31); another is for tests.
        package var replicationTimeThreshold = Duration.seconds(60 * ReplicationTime.thresholdMinutes)

        package init() {}
    }

    package let region: RegionName
    package let metadata: any MetadataStore
    package let blobs: BlobPools
    package let clock: VersionClock
    package let directory: DirectoryStore
    package let registry: BucketRegistry
    package let controlChanges = ControlChanges()
    package let namespace: any BucketNamespace
    let bucketTurns = BucketTurns()
    package let outbox: Outbox
    /// What comparisons of replicas with their sources found.
    package let verifications = VerificationMetrics()
    package let events: EventQueue
    package let accesses = ReplicationAccesses()
    package let attainment: ReplicationAttainment
    package let options: Options
    package let encryption: EncryptionKeys
    /// `nil` where no role has to be allowed anything: in tests of other things.
    package let permissions: ReplicationPermissions?
    package let logger: Logger

    package init(
        region: RegionName,
        metadata: any MetadataStore,
        blobs: any BlobStore,
        wall: any WallClock,
        random: any RandomSource,
        namespace: (any BucketNamespace)? = nil,
        options: Options = Options(),
        encryption: EncryptionKeys = EncryptionKeys(),
        permissions: ReplicationPermissions? = nil,
        logger: Logger
    ) {
        self.region = region
        self.metadata = metadata
        self.blobs = (blobs as? BlobPools) ?? BlobPools(standard: blobs)
        self.clock = VersionClock(region: region, wall: wall, random: random)
        self.directory = DirectoryStore(metadata: metadata, region: region)
        self.registry = BucketRegistry(metadata: metadata, directory: self.directory, region: region)
        self.namespace = namespace ?? HomeNamespace(directory: self.directory)
        self.outbox = Outbox(metadata: metadata, maximumDoubts: options.maximumDoubts)
        self.events = EventQueue(metadata: metadata, maximumDoubts: options.maximumDoubts)
        self.attainment = ReplicationAttainment(
            threshold: options.replicationTimeThreshold, metadata: metadata, maximumDoubts: options.maximumDoubts)
        self.options = options
        self.encryption = encryption
        self.permissions = permissions
        self.logger = logger
    }

    /// How often a write is planned anew when others write the same key or bucket, before it gives up with 409.
    static let maximumCommitAttempts = 1000
}
