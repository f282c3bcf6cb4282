import Synchronization
package import TernCore
import TernRecords
package import TernS3Protocol
package import TernStorage

/// How many events of a lane there are.
package struct EventCount: Hashable, Sendable {
    /// On their way.
    package var pending = 0
    /// Given up.
    package var dead = 0

    package init() {}
}

/// The events on their way: the rows themselves are in the partitions of buckets, and of the directory for jobs; here are their counts, which are rebuilt
/// from the rows at start, and the bell that wakes whoever sends them.
package final class EventQueue: Sendable {
    private struct State {
        var counts: [EventLane: EventCount] = [:]
        var listener: (@Sendable (EventLane, HybridTimestamp) -> Void)?
    }

    package let metadata: any MetadataStore
    private let state = Mutex(State())

    package init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    /// Calls `listener` after every commit that adds an event, with the time when it may be sent, and once for each lane
    /// that has events already.
    package func listen(_ listener: @escaping @Sendable (EventLane, HybridTimestamp) -> Void) {
        let lanes = self.state.withLock { state in
            state.listener = listener
            return state.counts.filter { $0.value.pending > 0 }.map(\.key)
        }
        for lane in lanes { listener(lane, .zero) }
    }

    /// Counts events that a commit has just added, and wakes whoever sends them.
    package func added(_ added: AddedEvents, in partition: PartitionID) {
        for event in added.events {
            let lane = EventLane(partition: partition, target: event.target)
            let listener = self.state.withLock { state in
                state.counts[lane, default: EventCount()].pending += 1
                return state.listener
            }
            listener?(lane, StoredEvent.due(ofRow: event.row))
        }
    }

    /// What there is, by lane.
    package var counts: [EventLane: EventCount] {
        self.state.withLock { $0.counts }
    }

    func change(_ lane: EventLane, pending: Int, dead: Int = 0) {
        self.state.withLock { state in
            var count = state.counts[lane, default: EventCount()]
            count.pending += pending
            count.dead += dead
            state.counts[lane] = count == EventCount() ? nil : count
        }
    }

    func wake(_ lane: EventLane) {
        let listener = self.state.withLock { $0.listener }
        listener?(lane, .zero)
    }

    // MARK: Rebuilding

    private static let pageRows = 1000

    /// Counts the events that the store holds, also those of buckets that are gone. Once, at start, before the first write.
    package func rebuild() async throws(S3Error) {
        self.state.withLock { $0.counts.removeAll() }
        let partitions: [PartitionID]
        do {
            partitions = try await self.metadata.partitions(of: .bucket)
        } catch {
            throw S3Error(error)
        }
        for partition in partitions + [.directory] {
            for table in [Keyspace.Table.event, .deadEvent] {
                try await self.count(table, in: partition)
            }
        }
    }

    private func count(_ table: Keyspace.Table, in partition: PartitionID) async throws(S3Error) {
        var range = Keyspace.table(table)
        while true {
            let page = try await self.metadata.entries(range, in: partition, limit: Self.pageRows)
            for entry in page {
                let record: EventRecord = try decodeRecord(entry.value)
                let lane = EventLane(partition: partition, target: record.target)
                self.change(lane, pending: table == .event ? 1 : 0, dead: table == .deadEvent ? 1 : 0)
            }
            guard page.count == Self.pageRows, let last = page.last else { return }
            range.lower = last.key + [0]
        }
    }
}
