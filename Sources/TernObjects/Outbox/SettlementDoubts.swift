import TernS3Protocol
import TernStorage

/// Outcomes that one commit settles, and what follows from them once they are committed.
struct Settlement: Sendable {
    var settled: [SettledTask]
    var ends: [(UInt64, StartedTaskEnd)]
    var events: AddedEvents
}

extension ObjectService {
    /// Finds out whether outcomes were committed that the store gave no answer about, before the lane settles anything
    /// else. Throws while the store does not answer.
    func resolveSettlementDoubts(of lane: LaneID) async throws(S3Error) {
        if self.outbox.doubtfulSettlements.isEmpty(lane) { return }
        let bucket = try await self.sourceBucket(of: lane)
        try await self.outbox.doubtfulSettlements.resolve(lane, in: lane.partition) { settlement in
            await self.conclude(settlement, lane: lane, bucket: bucket)
        }
    }
}
