import Synchronization
package import TernCore
package import TernRecords

/// What comparisons found, by lane: read by the metrics page and by `tern status`.
package final class VerificationMetrics: Sendable {
    package struct Snapshot: Sendable, Hashable {
        /// Of the last comparison of the whole bucket; `nil` until one has ended.
        package var last: VerificationCounts?
        package var finished: Timestamp?
        /// Of the one in the background that is under way.
        package var running: VerificationCounts?
        /// What was queued for replication again since the last comparison counted it.
        package var requeued: UInt64 = 0

        /// Versions that are not as replication should have left them, as far as is known.
        package var divergentObjects: UInt64 {
            let last = self.last?.divergent ?? 0
            return max(last - min(last, self.requeued), self.running?.divergent ?? 0)
        }
    }

    private let state = Mutex<[LaneID: Snapshot]>([:])

    package init() {}

    /// The lanes that were ever compared, or are being compared.
    package var snapshots: [LaneID: Snapshot] { self.state.withLock { $0 } }

    package func progressed(_ counts: VerificationCounts, of lane: LaneID) {
        self.state.withLock { $0[lane, default: Snapshot()].running = counts }
    }

    package func finished(_ counts: VerificationCounts, requeued: Int, of lane: LaneID, at time: Timestamp) {
        self.state.withLock { lanes in
            lanes[lane] = Snapshot(last: counts, finished: time, running: nil, requeued: UInt64(max(requeued, 0)))
        }
    }

    /// Takes up what is stored of earlier comparisons, unless there is something newer.
    package func restore(_ record: VerificationRecord, of lane: LaneID) {
        self.state.withLock { lanes in
            guard lanes[lane] == nil else { return }
            var snapshot = Snapshot()
            if record.hasLastCounts {
                snapshot.last = record.lastCounts
                snapshot.finished = Timestamp(milliseconds: record.lastFinishedMs)
            }
            if record.hasCounts { snapshot.running = record.counts }
            lanes[lane] = snapshot
        }
    }

    /// Forgets lanes that no bucket and rule makes any more.
    package func keep(_ lanes: Set<LaneID>) {
        self.state.withLock { state in state = state.filter { lanes.contains($0.key) } }
    }
}
