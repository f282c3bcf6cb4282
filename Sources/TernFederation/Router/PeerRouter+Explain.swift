import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

extension PeerRouter {
    /// Rows of a lane that are searched for a version's tasks.
    private static let searchedTasks = 10_000

    /// Why a version replicates or not, and how far it has come.
    func explain(_ target: RequestTarget) async throws(S3Error) -> HTTPAnswer {
        guard let bucketName = target["bucket"], let keyText = target["key"],
            let key = try? ObjectKey(keyText)
        else { return Self.text(400, "bucket and key are needed") }
        var reference: VersionReference?
        if let text = target["versionId"], !text.isEmpty {
            guard let parsed = VersionReference(wireForm: text) else {
                return Self.text(400, "the version ID is not valid")
            }
            reference = parsed
        }
        let bucket: BucketState
        switch try await self.service.registry.locate(bucketName) {
        case .here(let state): bucket = state
        case .elsewhere(let record): return Self.text(404, "the bucket is in region \(record.region)")
        }
        guard let version = try await self.service.find(reference, of: key, in: bucket) else {
            return Self.text(404, "there is no such version")
        }
        let deliveries = try await self.deliveries(of: version, in: bucket)
        var json = JSONText()
        json.object { json in
            self.write(version, in: bucket, to: &json)
            json.array("deliveries", deliveries) { json, delivery in
                json.object { json in self.write(delivery, to: &json) }
            }
        }
        return Self.json(json.text)
    }

    private func write(_ version: StoredVersion, in bucket: BucketState, to json: inout JSONText) {
        let record = version.record
        json.member("bucket", bucket.name)
        json.member("key", version.key.description)
        json.member("versionId", record.reference.wireForm)
        json.member("isLatest", version.isLatest)
        json.member("isDeleteMarker", record.isDeleteMarker)
        json.member("isReplica", record.isReplica)
        json.member("status", record.replicationStatus?.rawValue)
        let change = VersionChange(
            kind: record.isDeleteMarker ? .deleteMarkerCreated(.client) : .created(.client),
            key: version.key,
            tags: record.tagSet,
            storageClass: record.storageClassValue,
            encryption: record.plannedEncryption,
            isReplica: record.isReplica,
            isNullVersion: record.isNull,
            byteCount: record.byteCount
        )
        let plan = ReplicationPlanner.plan(configuration: bucket.replication, change: change)
        json.array("rules", plan.decisions) { json, decision in
            json.object { json in
                json.member("ruleId", decision.ruleID)
                json.member("destinationBucket", decision.destinationBucket.description)
                switch decision.verdict {
                case .replicate:
                    json.member("decision", "replicate")
                    json.member("reason", "The rule matches.")
                case .skip(let reason):
                    json.member("decision", "skip")
                    json.member("reason", reason.sentence)
                }
            }
        }
    }

    private func write(_ delivery: ExplainedDelivery, to json: inout JSONText) {
        let state = delivery.state
        json.member("destinationBucket", state.destinationBucket)
        json.member("ruleId", state.ruleID)
        for component in DestinationStatus.Component.allCases {
            json.member(component.word, state[component].status.word)
        }
        json.member("failureReason", state.failureReason.isEmpty ? nil : state.failureReason)
        json.array("failures", state.failures) { json, failure in
            json.object { json in
                json.member("component", failure.component.word)
                json.member("reason", failure.reason)
            }
        }
        json.member(
            "completedAt", state.completedMs == 0 ? nil : Timestamp(milliseconds: state.completedMs).iso8601)
        if let task = delivery.task {
            json.object("task") { json in
                json.member("kind", task.record.kind.word)
                json.member("attempts", Int64(task.record.attempts))
                json.member("dueAt", task.due.iso8601)
                json.member("lastError", task.record.lastError.isEmpty ? nil : task.record.lastError)
            }
        } else {
            json.null("task")
        }
        if let lane = delivery.lane {
            json.object("lane") { json in
                json.member("state", lane.state)
                json.member("lastError", lane.lastError.isEmpty ? nil : lane.lastError)
                json.member("nextAttemptAt", lane.nextAttempt?.iso8601)
            }
        } else {
            json.null("lane")
        }
    }

    private func deliveries(of version: StoredVersion, in bucket: BucketState) async throws(S3Error)
        -> [ExplainedDelivery]
    {
        var deliveries: [ExplainedDelivery] = []
        for state in version.record.destinations {
            let lane = LaneID(
                sourceBucket: bucket.name, sourceBucketID: bucket.record.bucketID,
                destinationBucket: state.destinationBucket)
            var delivery = ExplainedDelivery(state: state, task: nil, lane: self.lanes?.report(on: lane))
            if state.contains(.pending) {
                delivery.task = try await self.task(of: version, between: lane)
                if let pause = self.flow?.pause(of: lane, ruleID: delivery.task?.record.ruleID ?? state.ruleID) {
                    delivery.lane = LaneReport(state: "paused", nextAttempt: pause.until)
                }
            }
            deliveries.append(delivery)
        }
        return deliveries
    }

    private func task(of version: StoredVersion, between pair: LaneID) async throws(S3Error) -> StoredTask? {
        for lane in pair.classes {
            if let task = try await self.task(of: version, in: lane) { return task }
        }
        return nil
    }

    /// The first waiting task of a version, among the first of its lane.
    private func task(of version: StoredVersion, in lane: LaneID) async throws(S3Error) -> StoredTask? {
        var from: [UInt8]?
        var searched = 0
        while searched < Self.searchedTasks {
            let page = try await self.service.outbox.tasks(of: lane, from: from, limit: 500)
            let found = page.first {
                $0.record.destinationBucket == lane.destinationBucket && $0.record.version == version.record.id
                    && Array($0.record.key) == version.key.bytes
            }
            if let found { return found }
            guard page.count == 500, let last = page.last else { return nil }
            from = last.row + [0]
            searched += page.count
        }
        return nil
    }
}

private struct ExplainedDelivery {
    var state: DestinationState
    var task: StoredTask?
    var lane: LaneReport?
}

extension DestinationState.Status {
    fileprivate var word: String {
        switch self {
        case .pending: "PENDING"
        case .completed: "COMPLETED"
        case .failed: "FAILED"
        case .none, .UNRECOGNIZED: "NONE"
        }
    }
}

extension TaskRecord.Kind {
    fileprivate var word: String {
        switch self {
        case .object: "object"
        case .deleteMarker: "deleteMarker"
        case .attributes: "metadata"
        case .tags: "tags"
        case .acl: "acl"
        case .retention: "retention"
        case .legalHold: "legalHold"
        case .UNRECOGNIZED: "unknown"
        }
    }
}
