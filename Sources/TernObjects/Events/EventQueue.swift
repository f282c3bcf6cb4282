import Synchronization
package import TernCore
import TernPorts
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

/// The events on their way: the rows themselves are in the partitions of buckets, and of the directory for jobs; here are
/// their counts, which are rebuilt from the rows at start, and the bell that wakes whoever sends them.
package final class EventQueue: Sendable {
    private struct State {
        var counts: [EventLane: EventCount] = [:]
        var listener: (@Sendable (EventLane, HybridTimestamp) -> Void)?
        var doubtBell: (@Sendable () -> Void)?

        /// Where there is nothing left of a lane, it is not there either.
        mutating func change(_ lane: EventLane, pending: Int, dead: Int) {
            var count = self.counts[lane, default: EventCount()]
            count.pending += pending
            count.dead += dead
            self.counts[lane] = count == EventCount() ? nil : count
        }
    }

    package let metadata: any MetadataStore
    /// Events of which nobody knows whether they were committed.
    let doubts: RowDoubts<EventLane>
    /// What commits would change in the counts of which nobody knows whether they were made.
    let doubtfulChanges: DoubtfulCommits<EventLane, EventCount>
    /// One who works on dead letters at a time, so that each finds them as the last has left them.
    let deadLetterTurn = AsyncLock()
    private let state = Mutex(State())

    package init(metadata: any MetadataStore, maximumDoubts: Int) {
        self.metadata = metadata
        self.doubts = RowDoubts(metadata: metadata, maximumCount: maximumDoubts)
        self.doubtfulChanges = DoubtfulCommits(metadata: metadata)
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
                // One that was sent already has been taken out of the counts before.
                state.change(lane, pending: 1, dead: 0)
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
        self.state.withLock { $0.change(lane, pending: pending, dead: dead) }
    }

    func wake(_ lane: EventLane) {
        let listener = self.state.withLock { $0.listener }
        listener?(lane, .zero)
    }

    // MARK: Doubts

    /// Before a commit that adds events; afterwards ``ended(_:)`` or ``doubted(_:in:)``.
    func began(_ added: AddedEvents) {
        if !added.isEmpty { self.doubts.began(added.events.map(\.row)) }
    }

    /// The outcome of the commit is known.
    func ended(_ added: AddedEvents) {
        if !added.isEmpty { self.doubts.ended(added.events.map(\.row)) }
    }

    /// Notes events whose commit failed with its outcome unknown. They count as waiting until the store says otherwise.
    func doubted(_ added: AddedEvents, in partition: PartitionID) {
        if added.isEmpty { return }
        self.added(added, in: partition)
        let found = self.doubts.failed(
            added.events.map {
                RowDoubts.Doubt(
                    row: $0.row, partition: partition, subject: EventLane(partition: partition, target: $0.target))
            })
        if found.count < added.events.count { self.state.withLock { $0.doubtBell }?() }
    }

    /// Notes what a commit would change in the counts that failed with its outcome unknown.
    ///
    /// - Parameter witness: One of the events that the commit changes.
    func doubted(_ change: EventCount, witness: StoredEvent, of lane: EventLane) {
        if change == EventCount() { return }
        self.doubtfulChanges.note(change, witness: KeyValue(key: witness.row, value: witness.value), of: lane)
        self.state.withLock { $0.doubtBell }?()
    }

    /// Calls `bell` whenever there is something that ``resolveDoubts()`` has to find out.
    func listenToDoubts(_ bell: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.doubtBell = bell }
        if !self.doubts.isEmpty || !self.doubtfulChanges.lanes.isEmpty { bell() }
    }

    func makeRoomForDoubts() async throws(S3Error) {
        try await self.doubts.makeRoom(self.resolved)
    }

    func resolveDoubts() async throws(S3Error) {
        try await self.doubts.resolveAll(self.resolved)
        for lane in self.doubtfulChanges.lanes { try await self.resolveChanges(of: lane) }
    }

    /// Finds out what became of the events of a lane that somebody has settled or moved, before anything else is done with
    /// them. Throws while the store does not answer.
    func resolveChanges(of lane: EventLane) async throws(S3Error) {
        try await self.doubtfulChanges.resolve(lane, in: lane.partition) { change in
            self.change(lane, pending: change.pending, dead: change.dead)
            if change.pending > 0 { self.wake(lane) }
        }
    }

    private func resolved(_ doubt: RowDoubts<EventLane>.Doubt, isThere: Bool) {
        if isThere {
            let listener = self.state.withLock { $0.listener }
            listener?(doubt.subject, StoredEvent.due(ofRow: doubt.row))
        } else {
            self.change(doubt.subject, pending: -1)
        }
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
