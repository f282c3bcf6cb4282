import FoundationEssentials
package import TernCore
import TernPorts
import TernRecords
package import TernS3Protocol
import TernStorage

/// What an attempt to send an event came to.
package enum EventOutcome: Sendable, Hashable {
    /// The target has it.
    case delivered
    /// It does not tell of anything any more.
    case dropped
    /// It is tried again, not before the given time.
    case failed(String, notBefore: Timestamp)
    /// It is kept as a dead letter.
    case gaveUp(String)
}

extension EventQueue {
    /// Events of a lane in the order in which they are to be sent.
    ///
    /// - Parameters:
    ///   - row: The first row that may be returned; `nil` starts at the lane's beginning.
    ///   - before: Events that come at this stamp or later are left out.
    /// - Returns: The events, and the last row that was read, `nil` at the end of the lane.
    package func page(
        of lane: EventLane, from row: [UInt8]?, before: HybridTimestamp, limit: Int
    ) async throws(S3Error) -> (events: [StoredEvent], end: [UInt8]?) {
        var range = KeyRange(prefix: Keyspace.eventPrefix(lane.hash))
        range.upper = Keyspace.event(target: lane.hash, stamp: before, unique: 0)
        if let row { range.lower = max(row, range.lower, by: KeyOrder.precedes) }
        guard let upper = range.upper, KeyOrder.precedes(range.lower, upper) else { return ([], nil) }
        let entries = try await self.metadata.entries(range, in: lane.partition, limit: limit)
        return (try Self.events(entries, of: lane), entries.count == limit ? entries.last?.key : nil)
    }

    /// When the first event comes that lies at `stamp` or later.
    package func nextDue(of lane: EventLane, from stamp: HybridTimestamp) async throws(S3Error) -> HybridTimestamp? {
        var range = KeyRange(prefix: Keyspace.eventPrefix(lane.hash))
        range.lower = Keyspace.event(target: lane.hash, stamp: stamp, unique: 0)
        let entries = try await self.metadata.entries(range, in: lane.partition, limit: 1)
        return entries.first.map { StoredEvent.due(ofRow: $0.key) }
    }

    private static func events(_ entries: [KeyValue], of lane: EventLane) throws(S3Error) -> [StoredEvent] {
        var events: [StoredEvent] = []
        events.reserveCapacity(entries.count)
        for entry in entries {
            let record: EventRecord = try decodeRecord(entry.value)
            // Of another target with the same hash.
            guard record.target == lane.target else { continue }
            events.append(StoredEvent(row: entry.key, value: entry.value, record: record))
        }
        return events
    }

    /// Commits what attempts came to: all in one commit where possible. Events that no longer stand as they were read are
    /// left alone.
    package func settle(
        _ outcomes: [(event: StoredEvent, outcome: EventOutcome)], of lane: EventLane, at now: Timestamp
    ) async throws(S3Error) {
        self.doubts.found(outcomes.lazy.map(\.event.row))
        // Also where there is nothing to settle: it may have been settled already.
        try await self.resolveChanges(of: lane)
        guard !outcomes.isEmpty else { return }
        if try await self.trySettle(outcomes, of: lane, at: now) { return }
        for outcome in outcomes { _ = try await self.trySettle([outcome], of: lane, at: now) }
    }

    private func trySettle(
        _ outcomes: [(event: StoredEvent, outcome: EventOutcome)], of lane: EventLane, at now: Timestamp
    ) async throws(S3Error) -> Bool {
        var batch = MetadataBatch(partition: lane.partition)
        var change = EventCount()
        /// One that the commit does not leave as it is.
        var witness: StoredEvent?
        for (event, outcome) in outcomes {
            witness = event
            batch.require(event.row, is: event.value)
            var record = event.record
            switch outcome {
            case .delivered, .dropped:
                batch.delete(event.row)
                change.pending -= 1
            case .failed(let error, let notBefore):
                record.attempts += 1
                record.lastError = error
                record.notBeforeMs = notBefore.milliseconds
                batch.put(event.row, try encodeRecord(record))
            case .gaveUp(let error):
                record.lastError = error
                record.notBeforeMs = 0
                record.givenUpMs = now.milliseconds
                batch.delete(event.row)
                batch.put(Keyspace.event(event.row, movedTo: .deadEvent), try encodeRecord(record))
                change.pending -= 1
                change.dead += 1
            }
        }
        return try await self.tryCommit(batch, changing: change, witness: witness, of: lane)
    }

    /// Commits a batch that changes how many events a lane has; `false` when a precondition did not hold.
    private func tryCommit(
        _ batch: MetadataBatch, changing change: EventCount, witness: StoredEvent?, of lane: EventLane
    ) async throws(S3Error) -> Bool {
        do {
            guard try await self.metadata.tryCommit(batch) else { return false }
        } catch {
            if let witness { self.doubted(change, witness: witness, of: lane) }
            throw error
        }
        self.change(lane, pending: change.pending, dead: change.dead)
        return true
    }

    // MARK: Dead letters

    private static let pageOfDead = 200

    /// Puts the dead letters of a lane back into its queue, as if they were new. Returns how many there were.
    package func redrive(_ lane: EventLane, at now: Timestamp) async throws(S3Error) -> Int {
        let count = try await self.eachDeadPage(of: lane) { events, batch throws(S3Error) in
            for event in events {
                var record = event.record
                record.attempts = 0
                record.notBeforeMs = 0
                record.givenUpMs = 0
                // Its age counts from now on; each time it becomes another record, so that one can tell that it was moved.
                record.redrivenMs = Swift.max(now.milliseconds, record.redrivenMs + 1)
                batch.put(Keyspace.event(event.row, movedTo: .event), try encodeRecord(record))
            }
            return events.count
        }
        if count > 0 { self.wake(lane) }
        return count
    }

    /// Forgets the dead letters of a lane. Returns how many there were.
    package func discardDead(of lane: EventLane) async throws(S3Error) -> Int {
        try await self.eachDeadPage(of: lane) { _, _ throws(S3Error) in 0 }
    }

    /// Takes all dead letters of a lane out of its dead letters.
    ///
    /// - Parameter body: What else is to be done with those of a page; how many wait again then.
    /// - Returns: How many there were.
    private func eachDeadPage(
        of lane: EventLane, _ body: ([StoredEvent], inout MetadataBatch) throws(S3Error) -> Int
    ) async throws(S3Error) -> Int {
        await self.deadLetterTurn.acquire()
        defer { self.deadLetterTurn.release() }
        try await self.resolveChanges(of: lane)
        var count = 0
        var range = KeyRange(prefix: Keyspace.deadEventPrefix(lane.hash))
        while true {
            let entries = try await self.metadata.entries(range, in: lane.partition, limit: Self.pageOfDead)
            guard let last = entries.last else { return count }
            let events = try Self.events(entries, of: lane)
            var batch = MetadataBatch(partition: lane.partition)
            for event in events {
                batch.require(event.row, is: event.value)
                batch.delete(event.row)
            }
            var change = EventCount()
            change.pending = try body(events, &batch)
            change.dead = -events.count
            if !events.isEmpty, try await self.tryCommit(batch, changing: change, witness: events.first, of: lane) {
                count += events.count
            }
            range.lower = last.key + [0]
        }
    }

    /// The dead letters of a lane that were given up first.
    package func dead(of lane: EventLane, limit: Int) async throws(S3Error) -> [StoredEvent] {
        let range = KeyRange(prefix: Keyspace.deadEventPrefix(lane.hash))
        return try Self.events(try await self.metadata.entries(range, in: lane.partition, limit: limit), of: lane)
    }

    /// The first event of a lane, whose time tells how far behind the lane is.
    package func oldest(of lane: EventLane) async throws(S3Error) -> StoredEvent? {
        let range = KeyRange(prefix: Keyspace.eventPrefix(lane.hash))
        return try Self.events(try await self.metadata.entries(range, in: lane.partition, limit: 1), of: lane).first
    }
}

private func max(_ left: [UInt8], _ right: [UInt8], by precedes: ([UInt8], [UInt8]) -> Bool) -> [UInt8] {
    precedes(left, right) ? right : left
}

extension StoredEvent {
    /// Since when it waits: dead letters that were taken up again count from then.
    package var waitingSince: Timestamp {
        Timestamp(milliseconds: Swift.max(self.due.milliseconds, self.record.redrivenMs))
    }
}
