import Synchronization
package import TernCore
import TernRecords
import TernReplication
package import TernS3Protocol

/// A rule whose operations are measured: the dimensions of its metrics (spec rule M-05).
package struct MeasuredRule: Hashable, Sendable {
    package var sourceBucket: String
    package var destinationBucket: String
    package var ruleID: String

    package init(sourceBucket: String, destinationBucket: String, ruleID: String) {
        self.sourceBucket = sourceBucket
        self.destinationBucket = destinationBucket
        self.ruleID = ruleID
    }
}

/// What waits under one rule with metrics.
package struct RuleGauge: Sendable, Hashable {
    package var rule: MeasuredRule
    /// The owner of the source bucket.
    package var account: AccountID
    /// Where the destination bucket is; `nil` if there is none (M-01: nothing is published then).
    package var destinationRegion: RegionName?
    package var operations: Int64
    package var bytes: Int64
    /// How long ago the oldest operation was asked for, in seconds; 0 if none waits (M-08).
    package var latency: Double
}

extension ObjectService {
    /// What waits under each rule that has metrics (M-06) and is enabled, rules with nothing included (M-01 to M-03).
    package func ruleGauges() async throws(S3Error) -> [RuleGauge] {
        // What jobs bring is not among the pending operations (batch-replication §6.4).
        let pending = self.outbox.pending(of: [.timed, .live])
        let oldest = self.outbox.oldestRequests
        let now = self.clock.now
        var gauges: [RuleGauge] = []
        for bucket in try await self.registry.all() {
            for rule in bucket.replication?.rules ?? [] where rule.isEnabled && rule.hasMetrics {
                let destination = rule.destination.bucket.description
                let lane = LaneID(
                    sourceBucket: bucket.name, sourceBucketID: bucket.record.bucketID, destinationBucket: destination)
                let count = pending[lane]?[rule.id] ?? PendingCount()
                let age = oldest[lane]?[rule.id].map { now - $0 } ?? .zero
                gauges.append(
                    RuleGauge(
                        rule: MeasuredRule(
                            sourceBucket: bucket.name, destinationBucket: destination, ruleID: rule.id),
                        account: bucket.owner, destinationRegion: try await self.region(ofBucket: destination),
                        operations: max(count.operations, 0), bytes: max(count.bytes, 0),
                        latency: Double(max(age.wholeMilliseconds, 0)) / 1000))
            }
        }
        return gauges
    }

    private func region(ofBucket name: String) async throws(S3Error) -> RegionName? {
        do throws(S3Error) {
            switch try await self.registry.locate(name) {
            case .here: return self.region
            case .elsewhere(let record): return RegionName(record.region)
            }
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }
}

/// The operations that ended since they were taken last, by rule (M-04, M-14): of rules with metrics alone.
package final class FinishedOperations: Sendable {
    package struct Count: Sendable, Hashable {
        package var succeeded: Int
        package var failed: Int

        package init(succeeded: Int = 0, failed: Int = 0) {
            self.succeeded = succeeded
            self.failed = failed
        }
    }

    private let counts = Mutex<[MeasuredRule: Count]>([:])

    package init() {}

    package func record(_ settled: [SettledTask]) {
        if !settled.contains(where: { $0.task.metricsEnabled }) { return }
        self.counts.withLock { counts in
            for one in settled where one.task.metricsEnabled {
                let rule = MeasuredRule(
                    sourceBucket: one.lane.sourceBucket, destinationBucket: one.lane.destinationBucket,
                    ruleID: one.task.ruleID)
                switch one.outcome {
                // M-11: also where the object arrived without its tags. A change of tags that fails is an operation of
                // its own, which failed (M-09).
                case .done: counts[rule, default: Count()].succeeded += 1
                case .refused: counts[rule, default: Count()].failed += 1
                case .cancelled: break
                }
            }
        }
    }

    package func take() -> [MeasuredRule: Count] {
        self.counts.withLock { counts in
            let taken = counts
            counts = [:]
            return taken
        }
    }
}
