import Synchronization
package import TernCore
import TernLifecycle
package import TernRecords
import TernReplication
package import TernS3Protocol
package import TernStorage

/// The buckets of this region as last read, by name. A write that was planned on an outdated state fails its epoch
/// precondition, refreshes the state here and plans again.
package final class BucketRegistry: Sendable {
    private let metadata: any MetadataStore
    private let directory: DirectoryStore
    private let region: RegionName
    private let states = Mutex<[String: BucketState]>([:])

    package init(metadata: any MetadataStore, directory: DirectoryStore, region: RegionName) {
        self.metadata = metadata
        self.directory = directory
        self.region = region
    }

    /// Where a bucket name leads.
    package enum Location: Sendable {
        case here(BucketState)
        /// In another region of the federation.
        case elsewhere(DirectoryRecord)
    }

    /// The bucket, or the region that has it; throws `NoSuchBucket`.
    package func locate(_ name: String) async throws(S3Error) -> Location {
        if let state = self.states.withLock({ $0[name] }) { return .here(state) }
        guard let record = try await self.directory.record(name) else { throw .noSuchBucket(name) }
        if record.region != self.region.description {
            if record.isReserved { throw .noSuchBucket(name) }
            return .elsewhere(record)
        }
        guard let state = try await self.load(record) else { throw .noSuchBucket(name) }
        self.states.withLock { $0[name] = state }
        return .here(state)
    }

    /// The bucket, if it is in this region; throws `NoSuchBucket` otherwise.
    package func state(_ name: String) async throws(S3Error) -> BucketState {
        switch try await self.locate(name) {
        case .here(let state): return state
        case .elsewhere: throw .noSuchBucket(name)
        }
    }

    /// Forgets what was read, so that the next look reads again.
    package func refresh(_ name: String) {
        self.states.withLock { _ = $0.removeValue(forKey: name) }
    }

    /// Every bucket of this region. One whose record is damaged is left out, and does not keep the others from work; but
    /// throws where the store cannot be read, since what is left out then would be forgotten although it is well.
    package func all() async throws(S3Error) -> [BucketState] {
        var result: [BucketState] = []
        var last = ""
        while true {
            let page = try await self.directory.records(after: last, limit: 1000)
            for record in page where record.region == self.region.description {
                if let state = try await self.readable(record) { result.append(state) }
            }
            guard let end = page.last else { return result }
            last = end.name
        }
    }

    /// The bucket of a record of the directory; `nil` if it is gone, or damaged.
    private func readable(_ record: DirectoryRecord) async throws(S3Error) -> BucketState? {
        if let state = self.states.withLock({ $0[record.name] }) { return state }
        let partition = PartitionID(kind: .bucket, id: record.bucketID)
        guard let bytes = try await self.metadata.value(Keyspace.configuration, in: partition),
            let bucket: BucketRecord = try? decodeRecord(bytes), (try? Self.makeState(bucket)) != nil
        else { return nil }
        do throws(S3Error) {
            return try await self.state(record.name)
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }

    private func load(_ record: DirectoryRecord) async throws(S3Error) -> BucketState? {
        let partition = PartitionID(kind: .bucket, id: record.bucketID)
        guard let bytes = try await self.metadata.value(Keyspace.configuration, in: partition) else { return nil }
        let bucket: BucketRecord = try decodeRecord(bytes)
        guard bucket.isDeleted else { return try Self.makeState(bucket) }
        return try await self.reopen(bucket, partition: partition)
    }

    /// A bucket that is closed for deletion, but whose name still stands: either its deletion is under way, and will
    /// notice, or the process died in it. In both cases whoever comes first opens it again.
    private func reopen(_ closed: BucketRecord, partition: PartitionID) async throws(S3Error) -> BucketState? {
        var record = closed
        record.isDeleted = false
        record.epoch += 1
        let state = try Self.makeState(record)
        var batch = MetadataBatch(partition: partition)
        batch.require(Keyspace.epoch, is: BucketState.epochValue(closed.epoch))
        batch.put(Keyspace.epoch, state.epochValue)
        batch.put(Keyspace.configuration, try encodeRecord(record))
        if try await self.metadata.tryCommit(batch) { return state }
        guard let bytes = try await self.metadata.value(Keyspace.configuration, in: partition) else { return nil }
        let now: BucketRecord = try decodeRecord(bytes)
        return now.isDeleted ? nil : try Self.makeState(now)
    }

    /// Parses what the record holds in text form.
    package static func makeState(_ record: BucketRecord) throws(S3Error) -> BucketState {
        let features = try BucketFeatures(record)
        var replication: ReplicationConfiguration?
        if !record.replicationXml.isEmpty {
            replication = try ReplicationConfigurationXML.decodeStored(Array(record.replicationXml))
        }
        var lifecycle: LifecycleConfiguration?
        if let entry = record.documents.first(where: { $0.name == BucketDocument.lifecycle.rawValue }) {
            lifecycle = try LifecycleConfigurationXML.decodeStored(Array(entry.document))
        }
        return try BucketState(record: record, replication: replication, lifecycle: lifecycle, features: features)
    }
}
