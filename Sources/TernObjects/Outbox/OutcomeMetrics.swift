import Synchronization
package import TernCore
import TernRecords
import TernReplication

/// What replication did, by lane and rule: operations, bytes, failures, replication time and pace.
///
/// Follows the committed outcomes of an ``Outbox``; nothing here is durable.
package final class OutcomeMetrics: Sendable {
    package struct Key: Hashable, Sendable {
        package var lane: LaneID
        package var ruleID: String

        package init(lane: LaneID, ruleID: String) {
            self.lane = lane
            self.ruleID = ruleID
        }
    }

    /// The numbers of one rule since the process started.
    package struct Snapshot: Sendable, Hashable {
        package var completedOperations: Int64 = 0
        package var completedBytes: Int64 = 0
        package var failedOperations: Int64 = 0
        /// ``failedOperations`` by S3's failure reason.
        package var failures: [String: Int64] = [:]
        package var notTrackedOperations: Int64 = 0
        /// Over the last ten whole seconds.
        package var operationsPerSecond: Double = 0
        package var bytesPerSecond: Double = 0
        /// From the client's request to the destination's acknowledgement, in milliseconds.
        package var lag = LagHistogram.Summary()

        package init() {}
    }

    private struct Entry: Sendable {
        var totals = Snapshot()
        var lag = LagHistogram()
        var pace = PaceWindow()

        mutating func record(_ settled: SettledTask) {
            switch settled.outcome {
            case .done(_, let missingTags):
                // The object is there; its tags are not (T-15).
                if let missingTags { self.totals.failures[missingTags.rawValue, default: 0] += 1 }
                self.totals.completedOperations += 1
                self.totals.completedBytes += settled.task.byteCount
                self.lag.record(milliseconds: settled.time.milliseconds - settled.task.requestMs)
                self.pace.record(bytes: settled.task.byteCount, at: settled.time)
            case .refused(let reason):
                self.totals.failedOperations += 1
                self.totals.failures[reason.rawValue, default: 0] += 1
            case .cancelled:
                self.totals.notTrackedOperations += 1
            }
        }

        func snapshot(at now: Timestamp) -> Snapshot {
            var snapshot = self.totals
            (snapshot.operationsPerSecond, snapshot.bytesPerSecond) = self.pace.perSecond(at: now)
            snapshot.lag = self.lag.summary
            return snapshot
        }
    }

    private let entries = Mutex<[Key: Entry]>([:])

    package init() {}

    /// Starts to follow the outbox.
    package convenience init(following outbox: Outbox) {
        self.init()
        outbox.observe { [weak self] settled in self?.record(settled) }
    }

    package func record(_ settled: [SettledTask]) {
        self.entries.withLock { entries in
            for one in settled {
                entries[Key(lane: one.lane, ruleID: one.task.ruleID), default: Entry()].record(one)
            }
        }
    }

    package func snapshots(at now: Timestamp) -> [Key: Snapshot] {
        self.entries.withLock { entries in entries.mapValues { $0.snapshot(at: now) } }
    }
}

/// Counts of durations in buckets whose width grows with the duration, so that each quantile is right to an eighth.
package struct LagHistogram: Sendable, Hashable {
    package struct Summary: Sendable, Hashable {
        package var p50: Int64 = 0
        package var p90: Int64 = 0
        package var p99: Int64 = 0
        package var maximum: Int64 = 0

        package init() {}
    }

    /// Buckets below 16 ms are exact; from there each doubling has eight.
    private var counts = [UInt64](repeating: 0, count: Self.bucketCount)
    private var total: UInt64 = 0
    package private(set) var maximum: Int64 = 0

    private static let bucketCount = 16 + 8 * 40

    package init() {}

    package mutating func record(milliseconds: Int64) {
        let value = max(milliseconds, 0)
        self.counts[Self.bucket(of: value)] &+= 1
        self.total += 1
        self.maximum = max(self.maximum, value)
    }

    /// How many there are in each bucket that has any.
    package var buckets: [(bucket: Int, count: UInt64)] {
        self.counts.enumerated().filter { $0.element > 0 }.map { ($0.offset, $0.element) }
    }

    /// Adds what another histogram has.
    package mutating func add(_ buckets: some Sequence<(bucket: Int, count: UInt64)>, maximum: Int64) {
        for (bucket, count) in buckets where self.counts.indices.contains(bucket) {
            self.counts[bucket] &+= count
            self.total &+= count
        }
        self.maximum = max(self.maximum, maximum)
    }

    package var summary: Summary {
        var summary = Summary()
        summary.p50 = self.quantile(0.50)
        summary.p90 = self.quantile(0.90)
        summary.p99 = self.quantile(0.99)
        summary.maximum = self.maximum
        return summary
    }

    package func quantile(_ fraction: Double) -> Int64 {
        guard self.total > 0 else { return 0 }
        let rank = max(UInt64((Double(self.total) * fraction).rounded(.up)), 1)
        var seen: UInt64 = 0
        for (bucket, count) in self.counts.enumerated() {
            seen += count
            if seen >= rank { return min(Self.upperBound(of: bucket), self.maximum) }
        }
        return self.maximum
    }

    private static func bucket(of value: Int64) -> Int {
        if value < 16 { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        let step = Int(value >> (exponent - 3)) & 7
        return min(16 + (exponent - 4) * 8 + step, self.bucketCount - 1)
    }

    private static func upperBound(of bucket: Int) -> Int64 {
        if bucket < 16 { return Int64(bucket) }
        let exponent = (bucket - 16) / 8 + 4
        let step = Int64((bucket - 16) % 8)
        return (8 + step + 1) << (exponent - 3) - 1
    }
}

/// Operations and bytes of the last seconds.
private struct PaceWindow: Sendable {
    private struct Second {
        var second: Int64 = -1
        var operations: Int64 = 0
        var bytes: Int64 = 0
    }

    static let seconds = 10
    /// One more than are reported: the present second is not whole yet.
    private var ring = [Second](repeating: Second(), count: Self.seconds + 1)

    mutating func record(bytes: Int64, at time: Timestamp) {
        let second = time.seconds
        let index = Int(second.magnitude % UInt64(self.ring.count))
        if self.ring[index].second != second { self.ring[index] = Second(second: second) }
        self.ring[index].operations += 1
        self.ring[index].bytes += bytes
    }

    func perSecond(at now: Timestamp) -> (operations: Double, bytes: Double) {
        let current = now.seconds
        var operations: Int64 = 0
        var bytes: Int64 = 0
        for second in self.ring where second.second >= current - Int64(Self.seconds) && second.second < current {
            operations += second.operations
            bytes += second.bytes
        }
        return (Double(operations) / Double(Self.seconds), Double(bytes) / Double(Self.seconds))
    }
}
