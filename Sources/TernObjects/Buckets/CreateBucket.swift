import FoundationEssentials
package import TernCore
package import TernRecords
package import TernS3Protocol
import TernStorage

/// What a bucket is created with, besides its name, place, owner and tags.
package struct BucketSettings: Sendable {
    /// Object Lock turns versioning on with it, for good (spec rule LCK-1).
    package var isObjectLockEnabled = false
    package var ownership: ObjectOwnership?
    package var accessControl: AccessControlPolicyXML?

    package init() {}

    func apply(to record: inout BucketRecord) {
        var documents: [(BucketDocument, [UInt8])] = []
        if self.isObjectLockEnabled {
            record.versioning = .enabled
            documents.append((.objectLock, ObjectLockConfiguration().encode()))
        }
        if let ownership { documents.append((.ownershipControls, ownership.encode())) }
        if let accessControl { documents.append((.acl, accessControl.encode())) }
        record.documents = documents.map { name, document in
            var entry = ConfigurationDocument()
            entry.name = name.rawValue
            entry.document = .init(document)
            return entry
        }
    }
}

extension ObjectService {
    /// What CreateBucket did.
    package enum BucketCreation: Sendable {
        case created(BucketState)
        /// The caller has had it, in this region or another.
        case alreadyOwned(DirectoryRecord)
    }

    /// Creates a bucket in this region: takes the name in the home region, writes the bucket, confirms the name.
    ///
    /// A process that dies in between leaves a reserved name, which the same request takes up again.
    ///
    /// Source: Amazon S3 API Reference, CreateBucket; spec §12.1.
    package func createBucket(
        _ name: BucketName, owner: AccountID, locationConstraint: String, tags: [Tag] = [],
        settings: BucketSettings = BucketSettings()
    ) async throws(S3Error) -> BucketCreation {
        try await self.bucketTurns.take(name.description) { () async throws(S3Error) in
            try await self.makeBucket(
                name, owner: owner, locationConstraint: locationConstraint, tags: tags, settings: settings)
        }
    }

    private func makeBucket(
        _ name: BucketName, owner: AccountID, locationConstraint: String, tags: [Tag], settings: BucketSettings
    ) async throws(S3Error) -> BucketCreation {
        var wanted = DirectoryRecord()
        wanted.name = name.description
        wanted.bucketID = self.clock.randomBits()
        wanted.owner = owner.description
        wanted.createdMs = self.clock.now.milliseconds
        wanted.region = self.region.description

        let reserved: DirectoryRecord
        switch try await self.namespace.reserve(wanted) {
        case .exists(let existing):
            guard existing.owner == owner.description else { throw .bucketAlreadyExists(name.description) }
            guard try await self.isNameLeftBehind(existing) else { return .alreadyOwned(existing) }
            try await self.releaseName(existing.name, bucketID: existing.bucketID)
            guard case .reserved(let record) = try await self.namespace.reserve(wanted) else { throw .operationAborted }
            reserved = record
        case .reserved(let record):
            reserved = record
        }

        var bucket = BucketRecord()
        bucket.name = name.description
        bucket.bucketID = reserved.bucketID
        bucket.owner = reserved.owner
        bucket.createdMs = reserved.createdMs
        bucket.region = self.region.description
        bucket.locationConstraint = locationConstraint
        bucket.epoch = 1
        bucket.tags = tags.map { TagPair($0) }
        settings.apply(to: &bucket)
        let state = try BucketRegistry.makeState(bucket)
        var batch = MetadataBatch(partition: state.partition)
        batch.require(Keyspace.epoch, is: nil)
        batch.put(Keyspace.epoch, state.epochValue)
        batch.put(Keyspace.configuration, try encodeRecord(bucket))
        // `false` is a reservation taken up again, whose bucket had been written already.
        _ = try await self.metadata.tryCommit(batch)

        try await self.namespace.confirm(name.description, bucketID: reserved.bucketID)
        var confirmed = reserved
        confirmed.isReserved = false
        if !(self.namespace is HomeNamespace) { try await self.directory.anticipate(confirmed) }
        self.registry.refresh(name.description)
        return .created(try await self.registry.state(name.description))
    }

    /// The caller's buckets in the whole federation, by name.
    package func buckets(
        of owner: AccountID, prefix: String, after name: String, limit: Int, region: String?
    ) async throws(S3Error) -> (records: [DirectoryRecord], isTruncated: Bool) {
        var result: [DirectoryRecord] = []
        var last = name
        while true {
            let page = try await self.directory.records(after: last, limit: 1000)
            for record in page {
                guard record.owner == owner.description, !record.isReserved, record.name.hasPrefix(prefix),
                    region == nil || record.region == region
                else { continue }
                if result.count == limit { return (result, true) }
                result.append(record)
            }
            guard let end = page.last else { return (result, false) }
            last = end.name
        }
    }
}
