import TernRecords
package import TernS3Protocol
import TernStorage

/// Tasks of which nobody knows whether they were committed: the store failed, and what was under way may appear when it
/// is well again (`MetadataStore/commit(_:)`). The client has got an error, but the version may be there, and then its
/// task must not be left lying.
struct OutboxDoubts: Sendable {
    struct Doubt: Sendable {
        var task: OutboxTask
        var bucket: BucketState
    }

    /// As many as are remembered one by one.
    static let maximumCount = 10_000

    private(set) var tasks: [[UInt8]: Doubt] = [:]
    /// More were in doubt than are remembered: their lanes have to look for them.
    var hasUnnoted = false
    var bell: (@Sendable () -> Void)?

    var isEmpty: Bool { self.tasks.isEmpty && !self.hasUnnoted }

    mutating func add(_ row: [UInt8], _ task: OutboxTask, in bucket: BucketState) {
        if self.tasks.count < Self.maximumCount {
            self.tasks[row] = Doubt(task: task, bucket: bucket)
        } else {
            self.hasUnnoted = true
        }
    }

    mutating func remove(_ rows: [[UInt8]]) {
        if self.tasks.isEmpty { return }
        for row in rows { self.tasks.removeValue(forKey: row) }
    }

    mutating func take(_ row: [UInt8]) -> Doubt? { self.tasks.removeValue(forKey: row) }
}

extension ObjectService {
    /// Commits a batch that adds tasks, counts them and wakes their lanes; `false` when a precondition did not hold.
    func tryCommit(_ batch: MetadataBatch, adding tasks: [OutboxTask], to bucket: BucketState) async throws(S3Error)
        -> Bool
    {
        do {
            guard try await self.metadata.tryCommit(batch) else { return false }
        } catch {
            self.outbox.doubted(Self.rows(of: tasks, in: batch), to: bucket)
            throw error
        }
        tasks.lazy.compactMap(\.plans).first?.noteStored()
        self.outbox.added(tasks, to: bucket)
        return true
    }

    /// The rows that a batch has for its tasks, which stand in their order.
    private static func rows(of tasks: [OutboxTask], in batch: MetadataBatch) -> [(row: [UInt8], task: OutboxTask)] {
        if tasks.isEmpty { return [] }
        var rows: [[UInt8]] = []
        for case .put(let row, _) in batch.writes where row.first == Keyspace.Table.task.rawValue { rows.append(row) }
        return Array(zip(rows, tasks)).map { (row: $0, task: $1) }
    }

    /// Asks the store about the tasks in doubt. Throws while it does not answer.
    ///
    /// A commit that only requires the row to be absent has its turn behind all that was under way when the store
    /// failed; a mere read could come before that has appeared.
    package func resolveDoubts() async throws(S3Error) {
        for (row, doubt) in self.outbox.doubts.tasks.sorted(by: { KeyOrder.precedes($0.key, $1.key) }) {
            var question = MetadataBatch(partition: doubt.bucket.partition)
            question.require(row, is: nil)
            let isAbsent = try await self.metadata.tryCommit(question)
            self.outbox.resolve(row, isThere: !isAbsent)
        }
        self.outbox.wakeForUnnotedDoubts()
    }
}
