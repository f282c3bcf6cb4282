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
    let role: Principal

    /// HTTPStatusCode of every task that failed (decision TD-10).
    private static let failureStatus = 500
    /// How often a destination that gives no answer is looked after.
    private static let silenceTick = Duration.seconds(2)

    /// A task that waits for its destinations.
    private struct Waiting {
        var index: Int
        var tasks: [StartedTask]
        var ends: [UInt64: StartedTaskEnd] = [:]

        var isDone: Bool { self.ends.count == self.tasks.count }
    }

    func run(_ chunk: JobRows.Chunk) async -> TaskRunner.Outcome {
        var results = [BatchTaskResult?](repeating: nil, count: chunk.tasks.count)
        let group = self.context.service.outbox.startedTasks.openGroup()
        defer { self.context.service.outbox.startedTasks.closeGroup(group) }
        var waiting: [Waiting] = []
        var start = 0
        while start < chunk.tasks.count, !self.control.isStopping, !Task.isCancelled {
            let end = min(start + self.context.options.initiationsPerCommit, chunk.tasks.count)
            await self.initiate(chunk.tasks, start..<end, group: group, &results, &waiting)
            start = end
        }
        await self.wait(for: waiting, group: group, &results)
        var outcome = TaskRunner.Outcome(chunk: chunk, done: [], left: [])
        for (task, result) in zip(chunk.tasks, results) {
            if let result { outcome.done.append((task, result)) } else { outcome.left.append(task) }
        }
        return outcome
    }

    // MARK: Start

    private func initiate(
        _ tasks: [BatchTask], _ range: Range<Int>, group: Int, _ results: inout [BatchTaskResult?],
        _ waiting: inout [Waiting]
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
        var requests: [(index: Int, request: InitiationRequest)] = []
        for index in range {
            guard let key = ManifestKey.decode(tasks[index].encodedKey) else {
                self.finish(index, .srcObjectNotFound, "The key is not valid", &results)
                continue
            }
            if await self.context.service.mayInitiateReplication(self.role, key: key, in: bucket) == false {
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
                case .started(let started): waiting.append(Waiting(index: one.index, tasks: started))
                case .refused(let reason, let message): self.finish(one.index, reason, message, &results)
                }
            }
        } catch {
            // Nobody knows which were started; they are left, and started again.
            self.context.logger.warning("replication cannot be started", metadata: ["error": "\(error.message)"])
            try? await self.context.wall.sleep(until: self.context.wall.now + .milliseconds(500))
        }
    }

    // MARK: Wait

    private func wait(for waiting: [Waiting], group: Int, _ results: inout [BatchTaskResult?]) async {
        if waiting.isEmpty { return }
        var waiting = waiting
        var place: [UInt64: Int] = [:]
        for (index, one) in waiting.enumerated() { for task in one.tasks { place[task.number] = index } }
        var open = waiting.count
        let started = self.context.service.outbox.startedTasks
        let ticker = Task { [context] in
            while (try? await context.wall.sleep(until: context.wall.now + Self.silenceTick)) != nil {
                started.ring(group)
            }
        }
        defer { ticker.cancel() }
        var lastAnswer = self.context.wall.now
        while open > 0 {
            let ended = await started.next(of: group)
            if Task.isCancelled { return }
            if ended.isEmpty {
                if self.context.wall.now - lastAnswer >= self.context.options.longestSilence {
                    self.giveUpSilent(&waiting, &open, &results)
                    // Those whose destination is well, only slow, have as long again.
                    lastAnswer = self.context.wall.now
                }
                continue
            }
            lastAnswer = self.context.wall.now
            for (number, end) in ended {
                guard let index = place[number] else { continue }
                waiting[index].ends[number] = end
                if waiting[index].isDone {
                    open -= 1
                    self.conclude(waiting[index], &results)
                }
            }
        }
    }

    /// Where the way to a destination is broken nothing is even tried: its tasks count as started, and wait on.
    private func giveUpSilent(_ waiting: inout [Waiting], _ open: inout Int, _ results: inout [BatchTaskResult?]) {
        var isBroken: [String: Bool] = [:]
        for index in waiting.indices where !waiting[index].isDone {
            for task in waiting[index].tasks where waiting[index].ends[task.number] == nil {
                let destination = task.destinationBucket
                let broken = isBroken[destination] ?? self.isBroken(to: destination)
                isBroken[destination] = broken
                if broken { waiting[index].ends[task.number] = .unavailable }
            }
            if waiting[index].isDone {
                open -= 1
                self.conclude(waiting[index], &results)
            }
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
    private func conclude(_ waiting: Waiting, _ results: inout [BatchTaskResult?]) {
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
