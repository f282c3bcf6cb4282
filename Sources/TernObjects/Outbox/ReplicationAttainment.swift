import Synchronization
package import TernCore
import TernRecords
package import TernS3Protocol
package import TernStorage

/// What one rule made of the operations of one month, as far as it is not stored yet.
private struct MonthChange: Sendable {
    var record = ReplicationMonthRecord()
    var lags = LagHistogram()
}

/// Counts how fast replication was, for each rule and calendar month (UTC): the attainment of replication time.
///
/// Outcomes are gathered in memory and added to the stored rows every few seconds, many in one write; a process that is
/// killed loses the last seconds of these statistics, and nothing else. Delete markers and what jobs
/// bring are left out: replication time promises nothing of them (L-38, batch-replication §6.4).
package final class ReplicationAttainment: Sendable {
    private struct Key: Hashable {
        var bucketID: UInt64
        var month: String
        var ruleID: String
        var destination: String
    }

    /// The slowest operations that a month remembers.
    package static let slowestCount = 10

    private let threshold: Duration
    private let changes = Mutex<[Key: MonthChange]>([:])

    init(threshold: Duration) { self.threshold = threshold }

    /// The month of a time, as rows have it: `202601`.
    package static func month(of time: Timestamp) -> String {
        let fields = time.civilFields
        return "\(fields.year * 100 + fields.month)"
    }

    func record(_ settled: [SettledTask]) {
        self.changes.withLock { changes in
            for one in settled where one.task.kind != .deleteMarker && !one.task.isBatch {
                changes[
                    self.key(of: one.task, bucketID: one.lane.sourceBucketID), default: MonthChange()
                ].add(one, threshold: self.threshold)
            }
        }
    }

    /// Counts operations that passed the threshold and still wait.
    func missed(_ tasks: [TaskRecord], in bucket: BucketState) {
        self.changes.withLock { changes in
            for task in tasks {
                let key = self.key(of: task, bucketID: bucket.record.bucketID)
                changes[key, default: MonthChange()].record.missed += 1
                changes[key]?.record.timeControl = true
            }
        }
    }

    private func key(of task: TaskRecord, bucketID: UInt64) -> Key {
        Key(
            bucketID: bucketID, month: Self.month(of: Timestamp(milliseconds: task.requestMs)), ruleID: task.ruleID,
            destination: task.destinationBucket)
    }

    /// Adds what was gathered to the stored rows: one commit for each bucket. What cannot be stored, because storing
    /// fails or somebody else stores at the same time, is kept for the next time.
    package func store(in metadata: any MetadataStore) async throws(S3Error) {
        let changes = self.changes.withLock { changes in
            let taken = changes
            changes = [:]
            return taken
        }
        var failure: S3Error?
        for (bucketID, ofBucket) in Dictionary(grouping: changes, by: { $0.key.bucketID }) {
            do throws(S3Error) {
                try await Self.store(ofBucket.map { ($0.key, $0.value) }, bucketID: bucketID, in: metadata)
            } catch {
                failure = error
                self.changes.withLock { changes in
                    for (key, change) in ofBucket {
                        if var newer = changes[key] {
                            newer.record.add(change.record)
                            newer.lags.add(change.lags.buckets, maximum: change.lags.maximum)
                            changes[key] = newer
                        } else {
                            changes[key] = change
                        }
                    }
                }
            }
        }
        if let failure { throw failure }
    }

    private static func store(
        _ changes: [(key: Key, change: MonthChange)], bucketID: UInt64, in metadata: any MetadataStore
    ) async throws(S3Error) {
        let partition = PartitionID(kind: .bucket, id: bucketID)
        // A bucket that is gone has no use for it; one that is being deleted takes nothing any more.
        guard let epoch = try await metadata.value(Keyspace.epoch, in: partition) else { return }
        var batch = MetadataBatch(partition: partition)
        batch.require(Keyspace.epoch, is: epoch)
        for (key, change) in changes {
            let row = Keyspace.replicationMonth(key.month, rule: key.ruleID, destination: key.destination)
            var record = ReplicationMonthRecord()
            let value = try await metadata.value(row, in: partition)
            if let value { record = try decodeRecord(value) }
            batch.require(row, is: value)
            record.ruleID = key.ruleID
            record.destinationBucket = key.destination
            var lags = LagHistogram()
            lags.add(record.lags.lazy.map { (Int($0.bucket), $0.count) }, maximum: record.maximumMs)
            record.add(change.record)
            lags.add(change.lags.buckets, maximum: change.lags.maximum)
            record.lags = lags.buckets.map { bucket, count in
                var lag = ReplicationMonthRecord.LagCount()
                lag.bucket = UInt32(bucket)
                lag.count = count
                return lag
            }
            record.maximumMs = lags.maximum
            batch.put(row, try encodeRecord(record))
        }
        guard try await metadata.tryCommit(batch) else { throw .operationAborted }
    }
}

extension MonthChange {
    mutating func add(_ settled: SettledTask, threshold: Duration) {
        let lag = max(settled.time.milliseconds - settled.task.requestMs, 0)
        let isLate = lag >= threshold.wholeMilliseconds
        if settled.task.timeControl { self.record.timeControl = true }
        if isLate, !settled.wasMissed { self.record.missed += 1 }
        switch settled.outcome {
        case .done:
            self.record.completed += 1
            if !isLate, !settled.wasMissed { self.record.within += 1 }
            self.record.bytes += UInt64(max(settled.task.byteCount, 0))
            self.lags.record(milliseconds: lag)
            if self.record.isAmongSlowest(lag) { self.record.addSlowest([.init(settled, lag: lag)]) }
        case .refused:
            self.record.failed += 1
        case .cancelled:
            self.record.notTracked += 1
        }
    }
}

extension ReplicationMonthRecord.SlowOperation {
    fileprivate init(_ settled: SettledTask, lag: Int64) {
        self.init()
        self.key = settled.task.key
        self.version = settled.task.version
        self.lagMs = lag
        self.requestMs = settled.task.requestMs
        self.byteCount = settled.task.byteCount
        self.kind = settled.task.kind
    }
}

extension ReplicationMonthRecord {
    /// Adds all but the histogram, which has its own type.
    fileprivate mutating func add(_ other: ReplicationMonthRecord) {
        self.timeControl = self.timeControl || other.timeControl
        self.completed += other.completed
        self.within += other.within
        self.missed += other.missed
        self.failed += other.failed
        self.notTracked += other.notTracked
        self.bytes += other.bytes
        self.addSlowest(other.slowest)
    }

    fileprivate func isAmongSlowest(_ lag: Int64) -> Bool {
        self.slowest.count < ReplicationAttainment.slowestCount || (self.slowest.last?.lagMs ?? 0) < lag
    }

    fileprivate mutating func addSlowest(_ operations: [SlowOperation]) {
        if operations.isEmpty { return }
        self.slowest = Array(
            (self.slowest + operations).sorted { $0.lagMs > $1.lagMs }.prefix(ReplicationAttainment.slowestCount))
    }
}
