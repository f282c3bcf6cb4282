import TernS3Protocol
import TernStorage

/// Outcomes that one commit settles, and what follows from them once they are committed.
struct Settlement: Sendable {
    var settled: [SettledTask]
    var ends: [(UInt64, StartedTaskEnd)]
    var events: AddedEvents
}

/// Outcomes whose commit failed, and may have taken effect all the same.
struct DoubtfulSettlement: Sendable {
    var settlement: Settlement
    /// One of the tasks of the commit. All of them are gone, or none.
    var witness: StoredTask
}

extension ObjectService {
    /// Finds out whether outcomes were committed that the store gave no answer about, before the lane settles anything
    /// else: what follows from them must not be left out, nor be done twice. Throws while the store does not answer.
    ///
    /// The question is a commit that only requires the task to stand as it was read: it has its turn behind all that was
    /// under way when the store failed.
    func resolveSettlementDoubts(of lane: LaneID) async throws(S3Error) {
        var doubts = self.outbox.takeDoubtfulSettlements(of: lane)
        if doubts.isEmpty { return }
        do {
            let bucket = try await self.sourceBucket(of: lane)
            while let doubt = doubts.first {
                var question = MetadataBatch(partition: lane.partition)
                question.require(doubt.witness.row, is: doubt.witness.value)
                let isUnsettled = try await self.metadata.tryCommit(question)
                doubts.removeFirst()
                if !isUnsettled { await self.conclude(doubt.settlement, lane: lane, bucket: bucket) }
            }
        } catch {
            for doubt in doubts { self.outbox.doubted(doubt, of: lane) }
            throw error
        }
    }
}
