import Logging
import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol

/// The tasks of S3ReplicateObject: each starts the replication of its version by the one outbox, and ends with the first
/// answer of every destination (batch-replication §6, decision TD-11).
struct ReplicationTasks: TaskOperation {
    let context: BatchContext
    let job: JobStore.Job
    let control: JobControl
    /// The source bucket, as the manifest names it.
    let bucket: String
    /// `nil` where it cannot be assumed any more: then each task fails for it.
    let role: Principal?
    let silence = DestinationSilence()
    private let excluded = SharedExclusionCounts()

    /// HTTPStatusCode of every task that failed (decision TD-10).
    private static let failureStatus = 500
    /// How often a destination that gives no answer is looked after.
    private static let silenceTick = Duration.seconds(2)

    init(context: BatchContext, job: JobStore.Job, control: JobControl, bucket: String, role: Principal?) {
        self.context = context
        self.job = job
        self.control = control
        self.bucket = bucket
        self.role = role
    }

    func run(_ chunk: JobRows.Chunk) async -> TaskRunner.Outcome {
        var results = [BatchTaskResult?](repeating: nil, count: chunk.tasks.count)
        let group = self.context.service.outbox.startedTasks.openGroup()
        defer { self.context.service.outbox.startedTasks.closeGroup(group) }
        let ticker = self.ticker(ringing: group)
        defer { ticker.cancel() }
        var waiting = WaitingTasks(now: self.context.wall.now)
        var start = 0
        while !Task.isCancelled {
            while start < chunk.tasks.count, !self.control.isStopping, !Task.isCancelled,
                waiting.open < self.context.options.initiationsInFlight || self.silence.isKnown
            {
                let end = min(start + self.context.options.initiationsPerCommit, chunk.tasks.count)
                await self.initiate(chunk.tasks, start..<end, group: group, &results, &waiting)
                start = end
            }
            // Nothing more is started, and what was is done.
            if waiting.open == 0 { break }
            await self.wait(for: &waiting, group: group, &results)
        }
        var outcome = TaskRunner.Outcome(chunk: chunk, done: [], left: [])
        for (task, result) in zip(chunk.tasks, results) {
            if let result { outcome.done.append((task, result)) } else { outcome.left.append(task) }
        }
        return outcome
    }

    func ended() {
        let causes = self.excluded.counts
        if causes.isEmpty { return }
        self.context.logger.notice(
            "objects of a job are not eligible for replication",
            metadata: ["job": "\(self.job.id)", "bucket": "\(self.bucket)", "causes": "\(causes)"])
    }

    // MARK: Start

    private func initiate(
        _ tasks: [BatchTask], _ range: Range<Int>, group: Int, _ results: inout [BatchTaskResult?],
        _ waiting: inout WaitingTasks
    ) async {
        let bucket: BucketState
        do throws(S3Error) {
            switch try await self.context.service.registry.locate(self.bucket) {
            case .here(let state): bucket = state
            case .elsewhere:
                for index in range {
                    self.finish(
                        index, .srcBucketInvalidRegion, "The source bucket is not in the region of the job", &results)
                }
                return
            }
        } catch {
            // Storage that cannot be read passes: the tasks are left.
            guard error.code == "NoSuchBucket" else { return }
            for index in range { self.finish(index, .srcBucketNotFound, nil, &results) }
            return
        }
        guard let role = self.role else {
            for index in range {
                let message = "The role \(self.job.request.roleARN) cannot be assumed"
                self.finish(index, .assumeRoleNotPermitted, message, &results)
            }
            return
        }
        var requests: [(index: Int, request: InitiationRequest)] = []
        for index in range {
            guard let key = ManifestKey.decode(tasks[index].encodedKey) else {
                self.finish(index, .srcObjectNotFound, "The key is not valid", &results)
                continue
            }
            if await self.context.service.mayInitiateReplication(role, key: key, in: bucket) == false {
                self.finish(index, .initiateReplicationNotPermitted, nil, &results)
                continue
            }
            var version: VersionReference?
            if let text = tasks[index].versionID {
                version = VersionReference(wireForm: text)
                if version == nil {
                    // BR-MF-7: also where there is a column, and nothing in it.
                    self.finish(index, .srcObjectNotFound, "Object versionID is invalid", &results)
                    continue
                }
            }
            requests.append((index, InitiationRequest(key: key, version: version)))
        }
        if requests.isEmpty { return }
        do throws(S3Error) {
            let answers = try await self.context.service.initiateReplication(
                requests.map(\.request), inBucket: self.bucket, id: bucket.record.bucketID, group: group)
            for (one, answer) in zip(requests, answers) {
                switch answer {
                case .started(let started): waiting.add(one.index, started, now: self.context.wall.now)
                case .refused(let reason, let message, let rules):
                    self.excluded.add(rules)
                    self.finish(one.index, reason, message, &results)
                }
            }
        } catch {
            // Nobody knows which were started; they are left, and started again.
            self.context.logger.warning("replication cannot be started", metadata: ["error": "\(error.message)"])
            try? await self.context.wall.sleep(until: self.context.wall.now + .milliseconds(500))
        }
    }

    // MARK: Wait

    /// Rings now and then, so that silence is noticed.
    private func ticker(ringing group: Int) -> Task<Void, Never> {
        let started = self.context.service.outbox.startedTasks
        return Task { [context] in
            while (try? await context.wall.sleep(until: context.wall.now + Self.silenceTick)) != nil {
                started.ring(group)
            }
        }
    }

    /// Takes the next answers of destinations, or gives up waiting for those that have been silent for too long.
    private func wait(for waiting: inout WaitingTasks, group: Int, _ results: inout [BatchTaskResult?]) async {
        let ended = await self.context.service.outbox.startedTasks.next(of: group)
        if Task.isCancelled { return }
        let now = self.context.wall.now
        if ended.isEmpty {
            guard now - waiting.lastAnswer >= self.context.options.longestSilence else { return }
            self.giveUpSilent(&waiting, &results)
            // Those whose destination is well, only slow, have as long again.
            waiting.lastAnswer = now
            return
        }
        waiting.lastAnswer = now
        self.silence.isKnown = false
        for (number, end) in ended {
            if let done = waiting.end(number, end) { self.conclude(done, &results) }
        }
    }

    /// Where the way to a destination is broken nothing is even tried: its tasks count as started, and wait on.
    private func giveUpSilent(_ waiting: inout WaitingTasks, _ results: inout [BatchTaskResult?]) {
        var isBroken: [String: Bool] = [:]
        for task in waiting.unanswered {
            let destination = task.destinationBucket
            let broken = isBroken[destination] ?? self.isBroken(to: destination)
            isBroken[destination] = broken
            guard broken else { continue }
            self.silence.isKnown = true
            if let done = waiting.end(task.number, .unavailable) { self.conclude(done, &results) }
        }
    }

    private func isBroken(to destination: String) -> Bool {
        let pending = self.context.service.outbox.pending.keys.first {
            $0.sourceBucket == self.bucket && $0.destinationBucket == destination
        }
        guard let lane = pending, let report = self.context.lanes.report(on: lane) else { return false }
        return !report.lastError.isEmpty
    }

    /// The first rule that failed says why (decision TD-11).
    private func conclude(_ waiting: WaitingTasks.Waiting, _ results: inout [BatchTaskResult?]) {
        for task in waiting.tasks {
            switch waiting.ends[task.number] {
            case .refused(let reason): return self.finish(waiting.index, reason, nil, &results)
            case .sourceGone: return self.finish(waiting.index, .srcVersionNotFound, nil, &results)
            case .done, .unavailable, nil: continue
            }
        }
        let result = BatchTaskResult.succeeded("success")
        self.control.count(result)
        results[waiting.index] = result
    }

    private func finish(
        _ index: Int, _ reason: ReplicationFailureReason, _ message: String?, _ results: inout [BatchTaskResult?]
    ) {
        let result = BatchTaskResult.failed(
            status: Self.failureStatus, code: reason.rawValue, message: message ?? reason.sentence)
        self.control.count(result)
        results[index] = result
    }
}

extension ReplicationFailureReason {
    /// What reports say of it; S3's own words where they are known.
    fileprivate var sentence: String {
        switch self {
        case .assumeRoleNotPermitted: "The replication role cannot be assumed"
        case .dstBucketNotFound: "The destination bucket does not exist"
        case .dstBucketObjectLockConfigMissing: "The destination bucket has no Object Lock"
        case .dstBucketUnversioned: "The destination bucket does not have versioning enabled"
        case .dstObjectHardDeleted:
            "The version was deleted from the destination by its version ID, so it cannot be replicated again"
        case .initiateReplicationNotPermitted: "The job's role is not allowed s3:InitiateReplication on the object"
        case .srcBucketNotFound: "The specified bucket does not exist"
        case .srcObjectNotEligible: "Object is not eligible for replication"
        case .srcObjectNotFound, .srcKeyNotFound: "The specified object does not exist"
        case .srcVersionNotFound: "The specified version does not exist"
        default: "The object could not be replicated"
        }
    }
}
