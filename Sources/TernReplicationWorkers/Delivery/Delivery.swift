import Logging
import NIOCore
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

/// Where a destination bucket is.
enum DestinationPlace: Sendable {
    case here
    case region(RegionName)
}

/// Carries the tasks of one lane to their destination. Has no state: what it finds out, it reports.
struct Delivery: Sendable {
    let lane: LaneID
    let context: LaneContext

    /// How long a change of attributes waits for the data to arrive before it.
    static let attributesDelay = Duration.seconds(1)
    /// How long a task waits after its source could not be read.
    static let sourceDelay = Duration.seconds(1)

    var service: ObjectService { self.context.service }

    /// Where the destination is by this region's copy of the directory; `nil` when there is no such bucket.
    func place() async throws(S3Error) -> DestinationPlace? {
        do {
            switch try await self.service.registry.locate(self.lane.destinationBucket) {
            case .here: return .here
            case .elsewhere(let record): return .region(RegionName(trusted: record.region))
            }
        } catch  where error.code == "NoSuchBucket" {
            return nil
        }
    }

    /// A version as the rule's role may take it along.
    enum Readable: Sendable {
        /// `withoutTags` says why it goes without its tags (T-15).
        case version(withoutTags: ReplicationFailureReason?)
        case verdict(TaskVerdict)
    }

    /// Assumes the rule's role, looks what it may read, and then whether there is a destination.
    func readable(
        _ task: StoredTask, version: StoredVersion, from source: BucketState, to place: DestinationPlace?
    ) async -> Readable {
        var withoutTags: ReplicationFailureReason?
        switch await self.service.permissions?.source(
            of: task.record, version: version.record, key: version.key, in: source)
        {
        case nil, .readable:
            break
        case .readableWithoutTags:
            withoutTags = .srcGetTaggingNotPermitted
        case .refused(let reason):
            return .verdict(self.verdict(on: task, version: version, cause: .failure(reason)))
        case .undecided:
            return .verdict(
                self.retry(
                    task,
                    error: "the role may not read the version by this region's copy of IAM, which may be behind the "
                        + "home region's"))
        }
        if place == nil {
            if await self.service.permissions?.knowsDirectory(asOf: task.record) == false {
                return .verdict(
                    self.retry(
                        task,
                        error: "the destination bucket is not in this region's copy of the directory, which may be "
                            + "behind the home region's"))
            }
            return .verdict(self.verdict(on: task, version: version, cause: .failure(.dstBucketNotFound)))
        }
        return .version(withoutTags: withoutTags)
    }

    /// The source's key refuses the role. That is the reason unless the destination has one that comes before it in the
    /// order of A-50.
    func verdict(
        on task: StoredTask, version: StoredVersion, from source: BucketState, to place: DestinationPlace,
        keyRefused reason: ReplicationFailureReason
    ) async -> (TaskVerdict, TransportError?) {
        var inquiry = ReplicaRecord(task: task.record, version: version.record, parts: [], source: source)
        inquiry.isInquiry = true
        let answer: IngestResult?
        switch place {
        case .here:
            answer = await self.service.ingest(inquiry, body: ByteBuffer())
        case .region(let region):
            do {
                answer = try await self.context.transport.deliver([IngestItem(replica: inquiry)], to: region).first
            } catch {
                return (.giveBack, error)
            }
        }
        if let answer, answer.code != .done { return (self.verdict(on: task, version: version, result: answer), nil) }
        return (self.verdict(on: task, version: version, cause: .failure(reason)), nil)
    }

    /// The verdict on a task by the destination's answer. `DONE` and what live replication takes for it settle the task;
    /// a refusal is final; anything else waits, with a growing delay.
    func verdict(on task: StoredTask, version: StoredVersion, result: IngestResult) -> TaskVerdict {
        switch result.code {
        case .done:
            let missingTags = ReplicationFailureReason(rawValue: result.tagsReason)
            if task.record.kind.isOfAttributes, let missingTags {
                return self.verdict(on: task, version: version, cause: .failure(missingTags))
            }
            return .settle(
                .done(attributesStamp: version.record.stamp(of: task.record.kind), withoutTags: missingTags), version)
        case .refused:
            guard let reason = ReplicationFailureReason(rawValue: result.reason) else {
                return self.retry(task, error: "the destination answered \(result.reason), which is not known here")
            }
            return self.verdict(on: task, version: version, cause: .failure(reason))
        default:
            // A reason with it is what the matter comes to if it does not change for long.
            let age = self.context.wall.now - Timestamp(milliseconds: task.record.requestMs)
            if let reason = ReplicationFailureReason(rawValue: result.reason),
                age > self.context.options.longestWaitForVersion
            {
                return self.verdict(on: task, version: version, cause: .failure(reason))
            }
            return self.retry(task, error: result.message)
        }
    }

    func verdict(on task: StoredTask, version: StoredVersion?, cause: DeliveryCause) -> TaskVerdict {
        switch RetryDecision(cause, origin: task.record.isBatch ? .batch : .live) {
        case .done:
            .settle(.done(attributesStamp: version?.record.stamp(of: task.record.kind) ?? 0), version)
        case .refused(let reason): .settle(.refused(reason), version)
        case .cancelled: .settle(.cancelled(reason: "\(cause)"), version)
        case .retry: self.retry(task, error: "\(cause)")
        }
    }

    func retry(_ task: StoredTask, error: String) -> TaskVerdict {
        let delay = RetrySchedule().delay(
            afterAttempt: Int(task.record.attempts) + 1, jitter: self.context.random.nextFraction())
        return .postpone(delay, error: error, countsAttempt: true)
    }

    /// The source could not be read: that says nothing about the task.
    func sourceFailed(_ error: S3Error) -> TaskVerdict {
        .postpone(Self.sourceDelay, error: "the source cannot be read: \(error.message)", countsAttempt: false)
    }
}
