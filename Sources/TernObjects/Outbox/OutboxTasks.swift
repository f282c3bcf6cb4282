package import TernCore
package import TernRecords
package import TernReplication
package import TernS3Protocol
import TernStorage

extension TaskRecord {
    /// The class of traffic that the task is of, and by that the lane that it is in. It never changes.
    package var traffic: TrafficClass { self.isBatch ? .batch : self.timeControl ? .timed : .live }
}

extension StoredTask {
    /// When the task may be tried, out of its row.
    package var due: Timestamp { Self.due(ofRow: self.row) }

    /// The random end of its row, which stays when it is moved.
    var number: UInt64 { UInt64(bigEndianBytes: self.row.suffix(8)) }

    static func due(ofRow row: [UInt8]) -> Timestamp {
        let start = 1 + MemoryLayout<UInt64>.size
        guard row.count >= start + 8 else { return Timestamp(milliseconds: 0) }
        return Timestamp(milliseconds: Int64(clamping: UInt64(bigEndianBytes: row[start..<start + 8])))
    }

    /// The key of the task, at another due time: the random end stays.
    func row(dueAt due: Timestamp) -> [UInt8] {
        Keyspace.task(
            lane: LaneHash(destinationBucket: self.record.destinationBucket, traffic: self.record.traffic),
            due: due,
            unique: UInt64(bigEndianBytes: self.row.suffix(8))
        )
    }
}

extension Outbox {
    /// After so many attempts a job does not wait for a destination any longer (decision TD-8 of batch-replication).
    private static let attemptsOfJobs = 5

    /// Rows read at once where all are read.
    private static let pageRows = 1000

    /// Counts the tasks that the stores hold, and wakes their lanes. Once, at start, before the first write.
    package func rebuild(from registry: BucketRegistry) async throws(S3Error) {
        self.resetCounts()
        for bucket in try await registry.all() {
            var reader = TaskReader(self.plans, in: bucket.partition)
            var range = Keyspace.table(.task)
            while true {
                let page = try await self.metadata.entries(range, in: bucket.partition, limit: Self.pageRows)
                var tasks: [OutboxTask] = []
                tasks.reserveCapacity(page.count)
                for entry in page { tasks.append(OutboxTask(try await reader.read(entry.value), value: entry.value)) }
                self.added(tasks, to: bucket)
                guard page.count == Self.pageRows, let last = page.last else { break }
                range.lower = last.key + [0]
            }
            try await self.plans.removeUnused(in: bucket, keeping: reader.epochs)
        }
    }

    /// Tasks of a lane in the order of their due times.
    ///
    /// - Parameters:
    ///   - row: The first row that may be returned; `nil` starts at the lane's beginning.
    ///   - dueBefore: Tasks due at this time or later are left out; `nil` leaves out none.
    package func tasks(
        of lane: LaneID,
        from row: [UInt8]?,
        dueBefore: Timestamp? = nil,
        limit: Int
    ) async throws(S3Error) -> [StoredTask] {
        var range = KeyRange(prefix: Keyspace.lanePrefix(lane.hash))
        if let dueBefore { range.upper = Keyspace.task(lane: lane.hash, due: dueBefore, unique: 0) }
        if let row, KeyOrder.precedes(range.lower, row) { range.lower = row }
        var tasks: [StoredTask] = []
        var reader = TaskReader(self.plans, in: lane.partition)
        for entry in try await self.metadata.entries(range, in: lane.partition, limit: limit) {
            tasks.append(StoredTask(row: entry.key, value: entry.value, record: try await reader.read(entry.value)))
        }
        return tasks
    }

    /// Moves tasks to later due times: one commit, all that still stand as they were read.
    ///
    /// - Parameter postponements: `error` is for people. Attempts are counted unless the task was merely early.
    package func postpone(_ postponements: [Postponement], lane: LaneID) async throws(S3Error) {
        var open = postponements
        // Whether or not this commit's outcome comes to be known: they are there, though perhaps elsewhere soon.
        self.doubts.found(open.lazy.map(\.task.row))
        while !open.isEmpty {
            var batch = MetadataBatch(partition: lane.partition)
            for one in open {
                var record = one.task.record
                if one.countsAttempt { record.attempts += 1 }
                record.lastError = one.error
                batch.require(one.task.row, is: one.task.value)
                batch.delete(one.task.row)
                batch.put(one.task.row(dueAt: one.until), try encodeRecord(record))
            }
            if try await self.metadata.tryCommit(batch) {
                // The job has waited for it long enough; the task itself goes on.
                self.startedTasks.ended(
                    open.filter {
                        $0.task.record.isBatch && $0.countsAttempt
                            && Int($0.task.record.attempts) + 1 >= Self.attemptsOfJobs
                    }.map { ($0.task.number, .unavailable) })
                return
            }
            // Those that somebody else settled or moved are no longer ours to move.
            var still: [Postponement] = []
            for one in open where try await self.metadata.value(one.task.row, in: lane.partition) == one.task.value {
                still.append(one)
            }
            open = still
        }
    }
}

/// A task that waits for another time.
package struct Postponement: Sendable {
    package var task: StoredTask
    package var until: Timestamp
    package var error: String
    package var countsAttempt: Bool

    package init(task: StoredTask, until: Timestamp, error: String, countsAttempt: Bool = true) {
        self.task = task
        self.until = until
        self.error = error
        self.countsAttempt = countsAttempt
    }
}
