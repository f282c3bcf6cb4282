import Synchronization
package import TernCore
package import TernRecords
package import TernReplication
import TernS3Protocol
package import TernStorage

/// One queue of replication tasks: from one bucket to one destination bucket, of one class of traffic.
///
/// Each class is a lane of its own, so that tasks with a deadline never stand behind others. Who speaks of the pair of
/// buckets alone has the ``pair``.
package struct LaneID: Hashable, Sendable {
    package var sourceBucket: String
    package var sourceBucketID: UInt64
    package var destinationBucket: String
    package var traffic: TrafficClass

    package init(
        sourceBucket: String, sourceBucketID: UInt64, destinationBucket: String, traffic: TrafficClass = .live
    ) {
        self.sourceBucket = sourceBucket
        self.sourceBucketID = sourceBucketID
        self.destinationBucket = destinationBucket
        self.traffic = traffic
    }

    /// What stands for all classes: their counts and outcomes are told together.
    package var pair: LaneID { self.of(.live) }

    /// The lane of another class between the same buckets.
    package func of(_ traffic: TrafficClass) -> LaneID {
        var lane = self
        lane.traffic = traffic
        return lane
    }

    /// All lanes between the same buckets.
    package var classes: [LaneID] { TrafficClass.allCases.map { self.of($0) } }

    /// The number tells the source apart by itself.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.sourceBucketID)
        hasher.combine(self.destinationBucket)
        hasher.combine(self.traffic)
    }

    package var partition: PartitionID { PartitionID(kind: .bucket, id: self.sourceBucketID) }
    package var hash: LaneHash { LaneHash(destinationBucket: self.destinationBucket, traffic: self.traffic) }
}

extension LaneID: Comparable {
    package static func < (left: LaneID, right: LaneID) -> Bool {
        (left.sourceBucketID, left.destinationBucket, left.traffic)
            < (right.sourceBucketID, right.destinationBucket, right.traffic)
    }
}

extension LaneID: CustomStringConvertible {
    package var description: String {
        "\(self.sourceBucket) to \(self.destinationBucket)" + (self.traffic == .live ? "" : " (\(self.traffic))")
    }
}

/// What waits in the outbox for one rule.
package struct PendingCount: Hashable, Sendable {
    package var operations: Int64 = 0
    package var bytes: Int64 = 0

    package init() {}

    mutating func add(_ byteCount: Int64, sign: Int64) {
        self.operations += sign
        self.bytes += sign * byteCount
    }
}

/// What is counted of a task, and where.
struct WaitingTask: Sendable {
    var lane: LaneID
    var ruleID: String
    var requested: Timestamp
    var byteCount: Int64
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
    private struct Waiting {
        var count = PendingCount()
        var ages = PendingAges()

        mutating func add(_ byteCount: Int64, requested: Timestamp) {
            self.count.add(byteCount, sign: 1)
            self.ages.add(requested)
        }

        mutating func remove(_ byteCount: Int64, requested: Timestamp) {
            self.count.add(byteCount, sign: -1)
            self.ages.remove(requested)
        }
    }

    private struct State {
        var pending: [LaneID: [String: Waiting]] = [:]
        var listener: (@Sendable (LaneID, Timestamp) -> Void)?
        var observers: [OutcomeObserver] = []
        var doubtBell: (@Sendable () -> Void)?
        /// Lanes that began to settle, and have not ended with success.
        var unsettledLanes: Set<LaneID> = []
    }

    /// So many tasks are counted one by one: those of one write are in lanes of their own.
    private static let fewTasks = 8

    package let metadata: any MetadataStore
    package let deadlines = ReplicationDeadlines()
    /// How the tasks end that jobs started.
    package let startedTasks = StartedTasks()
    let plans: TaskPlans
    /// Tasks of which nobody knows whether they were committed.
    let doubts: RowDoubts<WaitingTask>
    /// Outcomes of which nobody knows whether they were committed.
    let doubtfulSettlements: DoubtfulCommits<LaneID, Settlement>
    private let state = Mutex(State())

    package init(metadata: any MetadataStore, maximumDoubts: Int) {
        self.metadata = metadata
        self.plans = TaskPlans(metadata: metadata)
        self.doubts = RowDoubts(metadata: metadata, maximumCount: maximumDoubts)
        self.doubtfulSettlements = DoubtfulCommits(metadata: metadata)
    }

    /// Calls `listener` after every commit that adds tasks to a lane, with the earliest due time among them, and once for
    /// each lane that has tasks already.
    ///
    /// Due times are request times, and a request may take long from its start to its commit, so that a new task may
    /// stand far before the tasks that were read last. A reader that keeps a cursor has to go back to the time given.
    package func listen(_ listener: @escaping @Sendable (LaneID, Timestamp) -> Void) {
        let lanes = self.state.withLock { state in
            state.listener = listener
            return state.pending.keys.sorted()
        }
        for lane in lanes { listener(lane, Timestamp(milliseconds: 0)) }
    }

    /// Calls `observer` with every group of outcomes, once they are committed.
    package func observe(_ observer: @escaping OutcomeObserver) {
        self.state.withLock { $0.observers.append(observer) }
    }

    /// Tells the observers of outcomes that were committed.
    func publish(_ settled: [SettledTask]) {
        guard !settled.isEmpty else { return }
        for observer in self.state.withLock({ $0.observers }) { observer(settled) }
    }

    // MARK: Doubts

    /// Whether the lane's last outcomes were settled to the end, so that none of the next ones can be among them.
    func beginSettling(_ lane: LaneID) -> Bool {
        self.state.withLock { $0.unsettledLanes.insert(lane).inserted }
    }

    func endSettling(_ lane: LaneID) {
        self.state.withLock { _ = $0.unsettledLanes.remove(lane) }
    }

    /// Calls `bell` whenever there are tasks of which nobody knows whether they were committed.
    func listenToDoubts(_ bell: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.doubtBell = bell }
        if !self.doubts.isEmpty { bell() }
    }

    /// Notes tasks whose commit failed with its outcome unknown. They count as waiting until the store says otherwise.
    func doubted(_ tasks: [OutboxTask], rows: [[UInt8]], to bucket: BucketState) {
        if tasks.isEmpty { return }
        self.added(tasks, to: bucket)
        let found = self.doubts.failed(
            zip(rows, tasks).map { row, task in
                RowDoubts.Doubt(
                    row: row, partition: bucket.partition,
                    subject: WaitingTask(
                        lane: self.lane(of: task, from: bucket), ruleID: task.ruleID, requested: task.requested,
                        byteCount: task.byteCount))
            })
        if found.count < tasks.count { self.state.withLock { $0.doubtBell }?() }
    }

    func makeRoomForDoubts() async throws(S3Error) {
        try await self.doubts.makeRoom { self.resolved($0.subject, isThere: $1) }
    }

    func resolveDoubts() async throws(S3Error) {
        try await self.doubts.resolveAll { self.resolved($0.subject, isThere: $1) }
    }

    /// Ends the doubt about a task: wakes its lane, or takes it out of the counts.
    private func resolved(_ task: WaitingTask, isThere: Bool) {
        let listener = self.state.withLock { state in
            if !isThere {
                state.pending[task.lane, default: [:]][task.ruleID, default: Waiting()].remove(
                    task.byteCount, requested: task.requested)
            }
            return state.listener
        }
        if isThere { listener?(task.lane, task.requested) }
    }

    /// Forgets all counts, before they are counted anew.
    func resetCounts() {
        self.state.withLock { $0.pending.removeAll() }
    }

    /// Forgets the counts of a lane whose bucket is gone, and its tasks with it.
    package func forget(_ lane: LaneID) {
        self.state.withLock { state in
            state.pending.removeValue(forKey: lane)
            state.unsettledLanes.remove(lane)
        }
        self.doubts.forget { $0.lane == lane }
        self.doubtfulSettlements.forget(lane)
    }

    /// Counts tasks that a commit has just added, and wakes their lanes.
    func added(_ tasks: [OutboxTask], to bucket: BucketState) {
        if tasks.isEmpty { return }
        if tasks.count <= Self.fewTasks {
            for task in tasks { self.added(task, to: bucket) }
            return
        }
        let (lanes, listener) = self.state.withLock { state in
            var lanes: [LaneID: Timestamp] = [:]
            for task in tasks {
                if task.traffic == .timed { self.deadlines.note(task.requested, in: bucket) }
                let lane = self.lane(of: task, from: bucket)
                state.pending[lane, default: [:]][task.ruleID, default: Waiting()].add(
                    task.byteCount, requested: task.requested)
                lanes[lane] = min(lanes[lane] ?? task.requested, task.requested)
            }
            return (lanes, state.listener)
        }
        guard let listener else { return }
        for (lane, due) in lanes.sorted(by: { $0.key < $1.key }) { listener(lane, due) }
    }

    /// On the way of each write.
    private func added(_ task: OutboxTask, to bucket: BucketState) {
        if task.traffic == .timed { self.deadlines.note(task.requested, in: bucket) }
        let lane = self.lane(of: task, from: bucket)
        let listener = self.state.withLock { state in
            state.pending[lane, default: [:]][task.ruleID, default: Waiting()].add(
                task.byteCount, requested: task.requested)
            return state.listener
        }
        listener?(lane, task.requested)
    }

    private func lane(of task: OutboxTask, from bucket: BucketState) -> LaneID {
        LaneID(
            sourceBucket: bucket.name, sourceBucketID: bucket.record.bucketID,
            destinationBucket: task.destinationBucket, traffic: task.traffic)
    }

    /// Counts tasks that a commit has just removed.
    package func removed(_ tasks: [TaskRecord], from lane: LaneID) {
        guard !tasks.isEmpty else { return }
        self.state.withLock { state in
            for task in tasks {
                state.pending[lane.of(task.traffic), default: [:]][task.ruleID, default: Waiting()].remove(
                    task.byteCount, requested: Timestamp(milliseconds: task.requestMs))
            }
        }
    }

    /// What waits, by pair of buckets and rule.
    package var pending: [LaneID: [String: PendingCount]] { self.pending(of: TrafficClass.allCases) }

    /// What waits of some classes of traffic, by pair of buckets and rule.
    package func pending(of classes: [TrafficClass]) -> [LaneID: [String: PendingCount]] {
        let lanes = self.state.withLock { state in
            state.pending.filter { classes.contains($0.key.traffic) }.mapValues { $0.mapValues(\.count) }
        }
        return Self.pairs(lanes) { left, right in
            left.operations += right.operations
            left.bytes += right.bytes
        }
    }

    /// When the oldest operation that waits was asked for, by pair of buckets and rule, as exactly as ``PendingAges``
    /// tells. What jobs brought is left out.
    package var oldestRequests: [LaneID: [String: Timestamp]] {
        let lanes = self.state.withLock { state in
            state.pending.filter { $0.key.traffic != .batch }.mapValues { $0.compactMapValues(\.ages.oldest) }
        }
        return Self.pairs(lanes) { $0 = min($0, $1) }
    }

    /// Puts together what the lanes of all classes between two buckets have.
    private static func pairs<Value>(
        _ lanes: [LaneID: [String: Value]], join: (inout Value, Value) -> Void
    ) -> [LaneID: [String: Value]] {
        var pairs: [LaneID: [String: Value]] = [:]
        for (lane, rules) in lanes {
            for (ruleID, value) in rules {
                if var known = pairs[lane.pair]?[ruleID] {
                    join(&known, value)
                    pairs[lane.pair]?[ruleID] = known
                } else {
                    pairs[lane.pair, default: [:]][ruleID] = value
                }
            }
        }
        return pairs
    }
}
