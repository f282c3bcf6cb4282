import Synchronization
package import TernCore
package import TernRecords
package import TernStorage

/// One queue of replication tasks: from one bucket to one destination bucket.
package struct LaneID: Hashable, Sendable {
    package var sourceBucket: String
    package var sourceBucketID: UInt64
    package var destinationBucket: String

    package init(sourceBucket: String, sourceBucketID: UInt64, destinationBucket: String) {
        self.sourceBucket = sourceBucket
        self.sourceBucketID = sourceBucketID
        self.destinationBucket = destinationBucket
    }

    package var partition: PartitionID { PartitionID(kind: .bucket, id: self.sourceBucketID) }
    package var hash: LaneHash { LaneHash(destinationBucket: self.destinationBucket) }
}

/// What waits in the outbox for one rule.
package struct PendingCount: Hashable, Sendable {
    package var operations: Int64 = 0
    package var bytes: Int64 = 0

    package init() {}
}

/// A task as it stands in the store.
package struct StoredTask: Sendable {
    package var row: [UInt8]
    package var value: [UInt8]
    package var record: TaskRecord

    package init(row: [UInt8], value: [UInt8], record: TaskRecord) {
        self.row = row
        self.value = value
        self.record = record
    }
}

/// The replication tasks not yet done: the rows themselves are in the buckets' partitions; here are their counts, which
/// are rebuilt from the rows at start, and the bell that wakes the workers on commit.
package final class Outbox: Sendable {
    private struct State {
        var pending: [LaneID: [String: PendingCount]] = [:]
        var listener: (@Sendable (LaneID) -> Void)?
    }

    package let metadata: any MetadataStore
    private let state = Mutex(State())

    package init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    /// Calls `listener` after every commit that adds tasks to a lane, and once for each lane that has tasks already.
    package func listen(_ listener: @escaping @Sendable (LaneID) -> Void) {
        let lanes = self.state.withLock { state in
            state.listener = listener
            return Array(state.pending.keys)
        }
        for lane in lanes { listener(lane) }
    }

    /// Counts tasks that a commit has just added, and wakes their lanes.
    package func added(_ tasks: [TaskRecord], to bucket: BucketState) {
        self.count(tasks, sourceBucket: bucket.name, sourceBucketID: bucket.record.bucketID, sign: 1)
    }

    /// Counts tasks that a commit has just removed.
    package func removed(_ tasks: [TaskRecord], from lane: LaneID) {
        self.count(tasks, sourceBucket: lane.sourceBucket, sourceBucketID: lane.sourceBucketID, sign: -1)
    }

    /// What waits, by lane and rule.
    package var pending: [LaneID: [String: PendingCount]] {
        self.state.withLock { $0.pending }
    }

    private func count(_ tasks: [TaskRecord], sourceBucket: String, sourceBucketID: UInt64, sign: Int64) {
        guard !tasks.isEmpty else { return }
        let (lanes, listener) = self.state.withLock { state in
            var lanes: Set<LaneID> = []
            for task in tasks {
                let lane = LaneID(
                    sourceBucket: sourceBucket, sourceBucketID: sourceBucketID, destinationBucket: task.destinationBucket)
                var count = state.pending[lane]?[task.ruleID] ?? PendingCount()
                count.operations += sign
                count.bytes += sign * task.byteCount
                state.pending[lane, default: [:]][task.ruleID] = count
                lanes.insert(lane)
            }
            return (lanes, state.listener)
        }
        guard sign > 0, let listener else { return }
        for lane in lanes { listener(lane) }
    }
}
