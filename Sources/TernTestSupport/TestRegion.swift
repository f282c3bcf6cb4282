import Logging
import NIOCore
import SwiftProtobuf
package import TernCore
package import TernObjects
package import TernPorts
package import TernRecords
import TernReplication
import TernS3Protocol
package import TernStorage

/// One region in memory. Its stores outlive its service, so that a crash is a new service over the same stores.
package struct TestRegion: Sendable {
    package let name: RegionName
    package let metadata: MemoryMetadataStore
    package let blobs: MemoryBlobStore
    package let clock: any WallClock
    package let random: SeededRandom
    package let service: ObjectService
    package let encryption: EncryptionKeys
    private let namespace: (any BucketNamespace)?
    private let permissions: ReplicationPermissions?

    package static let account = AccountID(trusted: "111111111111")

    package init(
        _ name: String,
        clock: any WallClock,
        seed: UInt64,
        metadata: MemoryMetadataStore = MemoryMetadataStore(),
        namespace: (any BucketNamespace)? = nil,
        encryption: EncryptionKeys = EncryptionKeys(),
        permissions: ReplicationPermissions? = nil
    ) {
        self.init(
            name: RegionName(trusted: name), metadata: metadata, blobs: MemoryBlobStore(seed: seed),
            clock: clock, random: SeededRandom(seed: seed), namespace: namespace, encryption: encryption,
            permissions: permissions)
    }

    private init(
        name: RegionName, metadata: MemoryMetadataStore, blobs: MemoryBlobStore, clock: any WallClock,
        random: SeededRandom, namespace: (any BucketNamespace)?, encryption: EncryptionKeys,
        permissions: ReplicationPermissions?
    ) {
        self.encryption = encryption
        self.permissions = permissions
        self.namespace = namespace
        self.name = name
        self.metadata = metadata
        self.blobs = blobs
        self.clock = clock
        self.random = random
        self.service = ObjectService(
            region: name, metadata: metadata, blobs: blobs, wall: clock, random: random,
            namespace: namespace, encryption: encryption, permissions: permissions,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The region after a crash: all that was committed, and nothing else.
    package func restarted() -> TestRegion {
        self.blobs.settle()
        return TestRegion(
            name: self.name, metadata: self.metadata, blobs: self.blobs, clock: self.clock, random: self.random,
            namespace: self.namespace, encryption: self.encryption, permissions: self.permissions)
    }

    /// Another process over the region's data, through a store in front of them.
    package func service(
        over store: any MetadataStore, options: ObjectService.Options = ObjectService.Options()
    ) -> ObjectService {
        ObjectService(
            region: self.name, metadata: store, blobs: self.blobs, wall: self.clock, random: self.random,
            namespace: self.namespace, options: options, encryption: self.encryption, permissions: self.permissions,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Makes a bucket with versioning enabled.
    package func makeBucket(_ name: String, owner: AccountID = TestRegion.account) async throws {
        guard let bucketName = BucketName(name) else { throw S3Error.noSuchBucket(name) }
        _ = try await self.service.createBucket(bucketName, owner: owner, locationConstraint: "", tags: [])
        try await self.service.setVersioning(.enabled, of: name)
    }

    /// Tells this region of a bucket of another.
    package func learn(_ bucket: String, of other: TestRegion) async throws {
        if let record = try await other.service.directory.record(bucket) {
            try await self.service.directory.anticipate(record)
        }
    }

    /// Replicates everything of a bucket to others, delete markers and changes of replicas included.
    package func replicate(
        _ bucket: String, to destinations: [String], storageClass: StorageClass? = nil, hasMetrics: Bool = false,
        hasTimeControl: Bool = false
    ) async throws {
        try await Self.replicate(
            bucket, to: destinations, storageClass: storageClass, hasMetrics: hasMetrics,
            hasTimeControl: hasTimeControl, by: self.service)
    }

    /// As ``replicate(_:to:storageClass:hasMetrics:hasTimeControl:)``, by a service alone.
    package static func replicate(
        _ bucket: String,
        to destinations: [String],
        storageClass: StorageClass? = nil,
        hasMetrics: Bool = false,
        hasTimeControl: Bool = false,
        by service: ObjectService
    ) async throws {
        let rules = destinations.enumerated().map { index, destination in
            ReplicationRule(
                id: "to-\(destination)",
                priority: index,
                filter: .all,
                deleteMarkerReplication: true,
                sourceSelectionCriteria: SourceSelectionCriteria(replicaModifications: true),
                destination: Destination(
                    bucket: BucketName(trusted: destination), storageClass: storageClass,
                    replicationTime: hasTimeControl ? ReplicationTime(isEnabled: true) : nil,
                    metrics: hasMetrics || hasTimeControl
                        ? ReplicationMetrics(isEnabled: true, hasEventThreshold: hasTimeControl) : nil)
            )
        }
        let configuration = ReplicationConfiguration(role: "arn:aws:iam::111111111111:role/replication", rules: rules)
        try await service.setReplication(ReplicationConfigurationXML.encode(configuration), of: bucket)
    }

    /// Puts an object as a client does.
    ///
    /// - Parameter service: Another one than the region's own.
    @discardableResult
    package func put(
        _ key: String, in bucket: String, bytes: [UInt8], tags: [Tag] = [],
        as encryption: EncryptionRequest = EncryptionRequest(), by service: ObjectService? = nil
    ) async throws -> VersionRecord {
        var attributes = ObjectAttributes()
        attributes.tags = tags
        attributes.encryption = encryption
        return try await (service ?? self.service).putObject(
            ObjectKey(key), in: bucket, attributes: attributes, body: BytesSource(bytes), digests: ExpectedDigests(),
            condition: .none
        ).record
    }

    /// Every version of a key, newest first.
    package func stack(_ key: String, in bucket: String) async throws -> [VersionRecord] {
        let state = try await self.service.registry.state(bucket)
        let objectKey = try ObjectKey(key)
        var records: [VersionRecord] = []
        if let head = try await self.service.head(objectKey, in: state) { records.append(head.record) }
        let range = KeyRange(prefix: Keyspace.noncurrentPrefix(objectKey))
        for row in try await self.metadata.scan(range, in: state.partition, limit: 10_000) {
            records.append(try VersionRecord(serializedBytes: row.value))
        }
        return records
    }

    /// The bytes of a version's body.
    ///
    /// - Parameters:
    ///   - range: `nil` for all.
    ///   - key: The object's key, where KMS has to know it.
    package func body(
        of record: VersionRecord, in bucket: String, range: Range<Int64>? = nil, key: String = "k",
        access: KeyAccess = KeyAccess(.objectStore)
    ) async throws -> [UInt8]? {
        let state = try await self.service.registry.state(bucket)
        let cipher = try await self.service.cipher(of: record, key: ObjectKey(key), in: state, access: access)
        let opened = try await self.service.openBody(
            of: record, range: range ?? 0..<record.byteCount, cipher: cipher, in: state.partition)
        switch opened {
        case nil: return nil
        case .some(.none): return []
        case .bytes(let bytes): return Array(bytes.readableBytesView)
        case .stream(let stream):
            var bytes: [UInt8] = []
            while let chunk = try await stream.next() { bytes.append(contentsOf: chunk.readableBytesView) }
            return bytes
        }
    }

    /// Rows of one table in a bucket's partition.
    package func rowCount(_ table: Keyspace.Table, in bucket: String) async throws -> Int {
        let state = try await self.service.registry.state(bucket)
        return try await self.metadata.scan(Keyspace.table(table), in: state.partition, limit: 1_000_000).count
    }

    package var pendingOperations: Int64 {
        self.service.outbox.pending.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.operations } }
    }
}
