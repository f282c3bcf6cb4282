import FoundationEssentials
package import TernCore
package import TernRecords
package import TernReplication
package import TernS3Protocol
package import TernStorage

/// An event of replication (spec live-replication §6.2), about one version and one destination.
package struct ReplicationEvent: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// the operation ended FAILED.
        case failed(ReplicationFailureReason)
        /// the threshold passed, and it is still pending.
        case missedThreshold
        /// it is done after it had missed the threshold.
        case replicatedAfterThreshold
        /// it is not tracked any more.
        case notTracked
    }

    package var kind: Kind
    package var key: ObjectKey
    /// The version of the source bucket, with its size and ETag; where it is gone, what the task knew of it.
    package var version: VersionRecord
    package var ruleID: String
    package var destinationBucket: String
    /// `OBJECT_PUT`, `DELETE_MARKER`…
    package var operation: String
    /// When the client asked for what is replicated.
    package var requested: Timestamp

    /// - Parameter version: The version as it is now; `nil` if it is gone.
    package init(_ kind: Kind, task: TaskRecord, version: VersionRecord?) {
        self.kind = kind
        self.key = ObjectKey(trusted: Array(task.key))
        if let version {
            self.version = version
        } else {
            self.version = VersionRecord()
            self.version.id = task.version
            self.version.isNull = task.isNull
            self.version.byteCount = task.byteCount
            self.version.isDeleteMarker = task.kind == .deleteMarker
        }
        self.ruleID = task.ruleID
        self.destinationBucket = task.destinationBucket
        self.operation = task.kind.planned.s3Operation
        self.requested = Timestamp(milliseconds: task.requestMs)
    }

    var type: S3EventType {
        switch self.kind {
        case .failed: .replicationFailed
        case .missedThreshold: .replicationMissedThreshold
        case .replicatedAfterThreshold: .replicationReplicatedAfterThreshold
        case .notTracked: .replicationNotTracked
        }
    }
}

extension ObjectService {
    /// Adds an event of replication to the commit of the outcome that it tells of, if the notification configuration of
    /// the source bucket wants it. Whoever commits the batch gives the result to ``EventQueue/added(_:in:)`` then.
    ///
    /// It is for operations that have metrics or a threshold; that is for the caller to know.
    ///
    /// - Parameter bucket: The source bucket.
    package func addReplicationEvent(
        _ event: ReplicationEvent, in bucket: BucketState, to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        try self.addEvent(
            event.type, of: event.version, key: event.key, in: bucket, cause: .server, stamp: self.clock.stamp(),
            to: &batch
        ) { record in
            var data = ReplicationEventRecord()
            data.ruleID = event.ruleID
            data.destinationBucket = event.destinationBucket
            data.operation = event.operation
            data.requestMs = event.requested.milliseconds
            if case .failed(let reason) = event.kind { data.failureReason = reason.rawValue }
            record.replication = data
            // The version may be gone, with its ETag.
            if event.version.etagMd5.isEmpty, !event.version.isDeleteMarker { record.etag = "" }
        }
    }

    /// The event of an outcome of a task whose rule has metrics: that it failed, or that nobody follows it any more,
    /// since its version or its rule is gone. Success has none.
    func addOutcomeEvent(
        of task: TaskRecord, outcome: TaskOutcome, version: VersionRecord?, in bucket: BucketState,
        to batch: inout MetadataBatch
    ) throws(S3Error) -> AddedEvents {
        if bucket.features.notifications == nil { return AddedEvents() }
        let kind: ReplicationEvent.Kind
        switch outcome {
        case .cancelled: kind = .notTracked
        case .done:
            if bucket.hasMetrics(of: task) { return AddedEvents() }
            kind = .notTracked
        case .refused(let reason): kind = bucket.hasMetrics(of: task) ? .failed(reason) : .notTracked
        }
        return try self.addReplicationEvent(
            ReplicationEvent(kind, task: task, version: version), in: bucket, to: &batch)
    }
}

extension BucketState {
    /// Whether the configuration still has the metrics under which a task was made.
    fileprivate func hasMetrics(of task: TaskRecord) -> Bool {
        guard let rule = self.replication?.rule(id: task.ruleID) else { return false }
        return rule.hasMetrics && rule.destination.bucket.description == task.destinationBucket
    }
}
