import Synchronization
import TernRecords
import TernS3Protocol
import TernStorage

/// The rows of what the tasks of one configuration have in common, kept in memory while they are of use.
final class TaskPlans: Sendable {
    private struct Key: Hashable {
        var partition: PartitionID
        var epoch: UInt64
    }

    private let metadata: any MetadataStore
    private let known = Mutex<[Key: TaskPlansRecord]>([:])

    /// Configurations kept in memory; where there are more, all are read anew.
    private static let keptMax = 256
    private static let pageRows = 1000

    init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    /// The plans of a configuration. They never change.
    func plans(ofEpoch epoch: UInt64, in partition: PartitionID) async throws(S3Error) -> TaskPlansRecord {
        let key = Key(partition: partition, epoch: epoch)
        if let plans = self.known.withLock({ $0[key] }) { return plans }
        guard let value = try await self.metadata.value(Keyspace.taskPlans(epoch: epoch), in: partition) else {
            throw .internalError
        }
        let plans: TaskPlansRecord = try decodeRecord(value)
        self.known.withLock { known in
            if known.count >= Self.keptMax { known.removeAll() }
            known[key] = plans
        }
        return plans
    }

    /// Removes the rows that no task needs any more.
    ///
    /// That of the configuration as it is now stays, since commits rely on it. No others come to be needed: tasks are
    /// planned under the present configuration, which the commit requires, and a task that is moved is complete.
    ///
    /// - Parameter epochs: Of all tasks of the bucket, read after `bucket` was.
    func removeUnused(in bucket: BucketState, keeping epochs: Set<UInt64>) async throws(S3Error) {
        let needed = Set((epochs.union([bucket.record.epoch])).map { Keyspace.taskPlans(epoch: $0) })
        var range = Keyspace.table(.taskPlans)
        while true {
            let page = try await self.metadata.entries(range, in: bucket.partition, limit: Self.pageRows)
            var batch = MetadataBatch(partition: bucket.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            for entry in page where !needed.contains(entry.key) { batch.delete(entry.key) }
            // Where the bucket has changed meanwhile, they may stay until the next time.
            if !batch.writes.isEmpty, try await !self.metadata.tryCommit(batch) { return }
            guard page.count == Self.pageRows, let last = page.last else { return }
            range.lower = last.key + [0]
        }
    }
}

/// Reads the tasks of one bucket as they are stored, and makes them complete.
struct TaskReader {
    private let plans: TaskPlans
    private let partition: PartitionID
    private var latest: (epoch: UInt64, plans: TaskPlansRecord)?
    /// The configurations whose plans were needed.
    private(set) var epochs: Set<UInt64> = []

    init(_ plans: TaskPlans, in partition: PartitionID) {
        self.plans = plans
        self.partition = partition
    }

    mutating func read(_ value: [UInt8]) async throws(S3Error) -> TaskRecord {
        var record: TaskRecord = try decodeRecord(value)
        if record.plan == 0 { return record }
        let epoch = record.configurationEpoch
        if let latest, latest.epoch == epoch {
            guard record.complete(by: latest.plans) else { throw .internalError }
            return record
        }
        let plans = try await self.plans.plans(ofEpoch: epoch, in: self.partition)
        self.latest = (epoch, plans)
        self.epochs.insert(epoch)
        guard record.complete(by: plans) else { throw .internalError }
        return record
    }
}
