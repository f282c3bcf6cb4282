import TernCore
package import TernRecords
import TernReplication
package import TernS3Protocol
import TernStorage

/// What the parts of a region that compare replicas share.
package struct VerificationContext: Sendable {
    package var peer: any VerificationPeer
    /// Rests while clients keep the region busy.
    package var pause: VerificationPause

    package init(peer: any VerificationPeer, pause: @escaping VerificationPause) {
        self.peer = peer
        self.pause = pause
    }
}

extension ObjectService {
    /// The lanes that a bucket's rules make: one for each destination.
    package static func lanes(of bucket: BucketState, ruleID: String? = nil) -> [LaneID] {
        var lanes: [LaneID] = []
        for rule in bucket.replication?.rules ?? [] where ruleID == nil || rule.id == ruleID {
            let lane = LaneID(
                sourceBucket: bucket.name, sourceBucketID: bucket.record.bucketID,
                destinationBucket: rule.destination.bucket.description)
            if !lanes.contains(lane) { lanes.append(lane) }
        }
        return lanes
    }

    /// How far the comparison in the background is; a new record where none was begun.
    package func verificationRecord(of lane: LaneID) async throws(S3Error) -> VerificationRecord {
        var record = VerificationRecord()
        let row = Keyspace.verification(lane.hash)
        if let value = try await self.metadata.value(row, in: lane.partition) {
            let stored: VerificationRecord = try decodeRecord(value)
            // Another name may have the same hash.
            if stored.destinationBucket == lane.destinationBucket { record = stored }
        }
        record.destinationBucket = lane.destinationBucket
        return record
    }

    /// Keeps it; does nothing where the bucket is gone.
    package func keep(_ record: VerificationRecord, of lane: LaneID) async throws(S3Error) {
        for _ in 0..<Self.maximumCommitAttempts {
            guard let bucket = try await self.sourceBucket(of: lane) else { return }
            var batch = MetadataBatch(partition: lane.partition)
            batch.require(Keyspace.epoch, is: bucket.epochValue)
            batch.put(Keyspace.verification(lane.hash), try encodeRecord(record))
            if try await self.metadata.tryCommit(batch) { return }
            self.registry.refresh(bucket.name)
        }
        throw .operationAborted
    }

    /// Notes that a comparison of the whole bucket has ended.
    package func verificationFinished(
        _ verification: BucketVerification, keepingPosition: Bool = false
    ) async throws(S3Error) {
        let now = self.clock.now
        var record = try await self.verificationRecord(of: verification.lane)
        if !keepingPosition {
            record.clearPosition()
            record.clearCounts()
        }
        record.lastCounts = verification.counts
        record.lastFinishedMs = now.milliseconds
        try await self.keep(record, of: verification.lane)
        self.verifications.finished(
            verification.counts, requeued: verification.requeued, of: verification.lane, at: now)
    }
}
