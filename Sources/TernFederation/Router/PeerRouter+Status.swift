import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
package import TernS3Protocol

/// The numbers of one rule, for `status`.
private struct RuleStatus {
    var lane: LaneID
    var ruleID: String
    var destinationRegion: String
    var pending = PendingCount()
    var oldestPending: Timestamp?
    var numbers = OutcomeMetrics.Snapshot()
}

extension PeerRouter {
    /// How the region and its replication rules do, as a document of JSON.
    package func status() async throws(S3Error) -> String {
        let rules = try await self.ruleStatuses()
        let now = self.wall.now
        var json = JSONText()
        json.object { json in
            json.member("region", self.federation.region.description)
            json.member("endpoint", self.federation.ownEndpoint)
            json.member("healthy", true)
            json.array("rules", rules) { json, rule in
                json.object { json in self.write(rule, at: now, to: &json) }
            }
        }
        return json.text
    }

    private func write(_ rule: RuleStatus, at now: Timestamp, to json: inout JSONText) {
        json.member("sourceBucket", rule.lane.sourceBucket)
        json.member("destinationBucket", rule.lane.destinationBucket)
        json.member("destinationRegion", rule.destinationRegion)
        json.member("ruleId", rule.ruleID)
        json.member("pendingOperations", max(rule.pending.operations, 0))
        json.member("pendingBytes", max(rule.pending.bytes, 0))
        json.member("oldestPendingMs", rule.oldestPending.map { max(now.milliseconds - $0.milliseconds, 0) } ?? 0)
        json.member("completedOperations", rule.numbers.completedOperations)
        json.member("completedBytes", rule.numbers.completedBytes)
        json.member("failedOperations", rule.numbers.failedOperations)
        json.object("failures") { json in
            for (reason, count) in rule.numbers.failures.sorted(by: { $0.key < $1.key }) { json.member(reason, count) }
        }
        json.member("operationsPerSecond", rule.numbers.operationsPerSecond)
        json.member("bytesPerSecond", rule.numbers.bytesPerSecond)
        let pause = self.flow?.pause(of: rule.lane, ruleID: rule.ruleID)
        let lane = self.lanes?.report(on: rule.lane)
        json.member("laneState", pause == nil ? lane?.state ?? "idle" : "paused")
        json.member("laneError", lane.flatMap { $0.lastError.isEmpty ? nil : $0.lastError })
        json.member("pausedUntil", pause?.until?.iso8601)
        json.member("limitBytesPerSecond", self.limit(of: rule))
        let verification = self.service.verifications.snapshots[rule.lane]
        json.member("divergentObjects", verification.map { Int64(clamping: $0.divergentObjects) })
        json.member("verifiedAt", verification?.finished?.iso8601)
        json.object("lag") { json in
            json.member("p50Ms", rule.numbers.lag.p50)
            json.member("p90Ms", rule.numbers.lag.p90)
            json.member("p99Ms", rule.numbers.lag.p99)
            json.member("maxMs", rule.numbers.lag.maximum)
        }
    }

    /// Bytes a second that may go to the rule's destination now; `nil` for no limit.
    private func limit(of rule: RuleStatus) -> Int64? {
        guard let region = RegionName(rule.destinationRegion), region != self.federation.region else { return nil }
        return self.flow?.limit(ofBucket: rule.lane.destinationBucket, region: region)
    }

    /// Every rule of every bucket that has a configuration, and every rule that has tasks.
    private func ruleStatuses() async throws(S3Error) -> [RuleStatus] {
        var keys: [OutcomeMetrics.Key] = []
        var known: Set<OutcomeMetrics.Key> = []
        for bucket in try await self.service.registry.all() {
            for rule in bucket.replication?.rules ?? [] {
                let lane = LaneID(
                    sourceBucket: bucket.name, sourceBucketID: bucket.record.bucketID,
                    destinationBucket: rule.destination.bucket.description)
                let key = OutcomeMetrics.Key(lane: lane, ruleID: rule.id)
                if known.insert(key).inserted { keys.append(key) }
            }
        }
        let pending = self.service.outbox.pending
        let oldest = self.service.outbox.oldestRequests
        for (lane, counts) in pending {
            for (ruleID, count) in counts where count.operations > 0 {
                let key = OutcomeMetrics.Key(lane: lane, ruleID: ruleID)
                if known.insert(key).inserted { keys.append(key) }
            }
        }
        let numbers = self.metrics.snapshots(at: self.wall.now)
        var rules: [RuleStatus] = []
        for key in keys {
            var rule = RuleStatus(
                lane: key.lane, ruleID: key.ruleID,
                destinationRegion: try await self.region(of: key.lane.destinationBucket))
            rule.pending = pending[key.lane]?[key.ruleID] ?? PendingCount()
            if rule.pending.operations > 0 { rule.oldestPending = oldest[key.lane]?[key.ruleID] }
            rule.numbers = numbers[key] ?? OutcomeMetrics.Snapshot()
            rules.append(rule)
        }
        return rules
    }

    /// Empty when there is no such bucket.
    private func region(of bucket: String) async throws(S3Error) -> String {
        do {
            switch try await self.service.registry.locate(bucket) {
            case .here(let state): return state.record.region
            case .elsewhere(let record): return record.region
            }
        } catch  where error.code == "NoSuchBucket" {
            return ""
        }
    }
}
