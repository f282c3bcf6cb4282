package import TernS3Protocol
import TernStorage

extension ObjectService {
    /// Commits a batch that adds tasks and events, counts them and wakes who does them; `false` when a precondition did not
    /// hold.
    func tryCommit(
        _ batch: MetadataBatch, adding tasks: [OutboxTask] = [], and events: AddedEvents = AddedEvents(),
        to bucket: BucketState
    ) async throws(S3Error) -> Bool {
        let rows = Self.rows(of: tasks, in: batch)
        if !rows.isEmpty { try await self.outbox.makeRoomForDoubts() }
        if !events.isEmpty { try await self.events.makeRoomForDoubts() }
        self.outbox.doubts.began(rows)
        self.events.began(events)
        do {
            guard try await self.metadata.tryCommit(batch) else {
                self.outbox.doubts.ended(rows)
                self.events.ended(events)
                return false
            }
        } catch {
            self.outbox.doubted(tasks, rows: rows, to: bucket)
            self.events.doubted(events, in: batch.partition)
            throw error
        }
        self.outbox.doubts.ended(rows)
        self.events.ended(events)
        tasks.lazy.compactMap(\.plans).first?.noteStored()
        self.outbox.added(tasks, to: bucket)
        self.events.added(events, in: batch.partition)
        return true
    }

    /// The rows that a batch has for its tasks, in their order.
    private static func rows(of tasks: [OutboxTask], in batch: MetadataBatch) -> [[UInt8]] {
        if tasks.isEmpty { return [] }
        var rows: [[UInt8]] = []
        rows.reserveCapacity(tasks.count)
        for case .put(let row, _) in batch.writes where row.first == Keyspace.Table.task.rawValue { rows.append(row) }
        return rows
    }

    /// Calls `bell` whenever there is something that ``resolveDoubts()`` has to find out.
    package func listenToDoubts(_ bell: @escaping @Sendable () -> Void) {
        self.outbox.listenToDoubts(bell)
        self.events.listenToDoubts(bell)
    }

    /// Asks the store about the tasks and events that it gave no answer about. Throws while it does not answer.
    package func resolveDoubts() async throws(S3Error) {
        try await self.outbox.resolveDoubts()
        try await self.events.resolveDoubts()
    }
}
