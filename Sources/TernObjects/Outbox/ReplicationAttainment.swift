import Synchronization
package import TernCore
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage

/// What one rule made of the operations of one month, as far as it is not stored yet.
struct MonthChange: Sendable {
    var record = ReplicationMonthRecord()
    var lags = LagHistogram()
}

/// An operation that passed the threshold while it waited.
struct MissedOperation: Sendable {
    /// The row that says so.
    var row: [UInt8]
    var bucketID: UInt64
    var task: TaskRecord
}

/// Counts how fast replication was, for each rule and calendar month (UTC): the attainment of replication time.
///
/// Outcomes are gathered in memory and added to the stored rows every few seconds, many in one write; a process that is
/// killed loses the last seconds of these statistics, and nothing else. Delete markers and what jobs
/// bring are left out: replication time promises nothing of them (L-38, batch-replication §6.4).
package final class ReplicationAttainment: Sendable {
    struct Key: Hashable {
        var bucketID: UInt64
        var month: String
        var ruleID: String
        var destination: String
    }

    /// The slowest operations that a month remembers.
    package static let slowestCount = 10

    private let threshold: Duration
    let changes = Mutex<[Key: MonthChange]>([:])
    /// One who stores at a time.
    let storing = AsyncLock()
    /// By bucket: what a commit would have stored that gave no answer.
    let doubtfulStore = Mutex<[UInt64: DoubtfulMonths]>([:])
    /// Rows of missed deadlines of which nobody knows whether they were committed, with the operations to be counted then.
    private let missDoubts: RowDoubts<MissedOperation>

    /// - Parameter maximumDoubts: So many misses of unknown outcome are remembered.
    init(threshold: Duration, metadata: any MetadataStore, maximumDoubts: Int) {
        self.threshold = threshold
        self.missDoubts = RowDoubts(metadata: metadata, maximumCount: maximumDoubts)
    }

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

    // MARK: Operations that passed the threshold and still wait

    /// Before the commit that tells of them; afterwards ``missed(_:)``, ``missesRefused(_:)`` or
    /// ``missesDoubted(_:in:)``. Where too much is in doubt, finds out about some; throws while the store does not answer.
    func missesBegan(_ operations: [MissedOperation]) async throws(S3Error) {
        try await self.missDoubts.makeRoom { if $1 { self.count([$0.subject]) } }
        self.missDoubts.began(operations.map(\.row))
    }

    /// The commit was made: they count.
    func missed(_ operations: [MissedOperation]) {
        let rows = operations.map(\.row)
        // An earlier attempt may have left a doubt.
        self.missDoubts.found(rows)
        self.missDoubts.ended(rows)
        self.count(operations)
    }

    /// The commit was not made.
    func missesRefused(_ operations: [MissedOperation]) {
        self.missDoubts.ended(operations.map(\.row))
    }

    /// The commit failed with its outcome unknown. They count as soon as somebody finds their rows.
    func missesDoubted(_ operations: [MissedOperation], in partition: PartitionID) {
        let found = self.missDoubts.failed(
            operations.map { RowDoubts.Doubt(row: $0.row, partition: partition, subject: $0) })
        self.count(found.map(\.subject))
    }

    /// Whoever settles an operation has found the row of its missed deadline.
    func missFound(_ row: [UInt8]) {
        self.count(self.missDoubts.found(CollectionOfOne(row)).map(\.subject))
    }

    /// Asks the store about the misses that it gave no answer about. Throws while it does not answer.
    func resolveMisses() async throws(S3Error) {
        if self.missDoubts.isEmpty { return }
        try await self.missDoubts.resolveAll { if $1 { self.count([$0.subject]) } }
    }

    private func count(_ operations: [MissedOperation]) {
        if operations.isEmpty { return }
        self.changes.withLock { changes in
            for operation in operations {
                let key = self.key(of: operation.task, bucketID: operation.bucketID)
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
