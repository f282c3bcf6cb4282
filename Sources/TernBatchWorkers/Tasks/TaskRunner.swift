import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Runs the tasks of a job, several rows of them at once, and moves each row to the results when it is done.
struct TaskRunner: Sendable {
    let context: BatchContext
    let job: JobStore.Job
    let control: JobControl

    private var rows: JobRows {
        JobRows(metadata: self.context.service.metadata, partition: self.job.partition)
    }

    /// What became of one row of tasks.
    struct Outcome: Sendable {
        var chunk: JobRows.Chunk
        var done: [(BatchTask, BatchTaskResult)]
        /// Not started, because the job is to stop.
        var left: [BatchTask]
    }

    /// Returns when every task has a result.
    func run() async throws(JobInterruption) {
        var progress = try await self.stored { () async throws(S3Error) in try await self.rows.progress() }
        self.control.begin(progress.counts(total: self.job.state.progress.total))
        let operation = try await self.operation(bucket: progress.bucket)
        let interruption = await withTaskGroup(of: Outcome.self) { group -> JobInterruption? in
            var next: [UInt8]?
            var isAtEnd = false
            var underWay = 0
            var problem: JobInterruption?
            while true {
                while !isAtEnd, problem == nil, underWay < self.context.options.chunksInFlight,
                    !self.control.isStopping, !Task.isCancelled
                {
                    await self.context.yieldToClients()
                    do throws(S3Error) {
                        guard let chunk = try await self.rows.nextChunk(from: next) else {
                            isAtEnd = true
                            break
                        }
                        next = chunk.next
                        underWay += 1
                        group.addTask { await operation.run(chunk) }
                    } catch {
                        problem = .trouble(error.message)
                    }
                }
                guard let outcome = await group.next() else { break }
                underWay -= 1
                do throws(S3Error) {
                    try await self.commit(outcome, &progress)
                } catch {
                    problem = .trouble(error.message)
                }
            }
            if let problem { return problem }
            return isAtEnd && !self.control.isStopping ? nil : .stopped
        }
        operation.ended()
        if self.control.exceedsThreshold { throw .failed(.tooManyTasksFailed) }
        if let interruption {
            // All may be done although somebody wanted it to stop: then its end is as good.
            if case .stopped = interruption, progress.isFinished { return }
            throw interruption
        }
        // What could not be begun for want of storage is begun again.
        if !progress.isFinished { throw .trouble("some tasks could not be started") }
    }

    private func commit(_ outcome: Outcome, _ progress: inout JobProgressRecord) async throws(S3Error) {
        if outcome.done.isEmpty { return }
        var changed = progress
        for (_, result) in outcome.done {
            if result.isSuccess { changed.succeededTasks += 1 } else { changed.failedTasks += 1 }
        }
        changed.nextResults += 1
        try await self.rows.finish(outcome.chunk, done: outcome.done, left: outcome.left, progress: changed)
        progress = changed
        self.context.store.note(progress.counts(total: self.job.state.progress.total), of: self.job.id)
    }

    /// What runs the tasks of this job's operation.
    private func operation(bucket: String) async throws(JobInterruption) -> any TaskOperation {
        let client = await self.context.client(for: self.job)
        if self.job.request.operation.isReplication {
            return ReplicationTasks(
                context: self.context, job: self.job, control: self.control, bucket: bucket, role: client?.principal)
        }
        guard let client else {
            // The permission may be taken away at any time: then each task fails for it.
            return RefusedTasks(control: self.control, job: self.job)
        }
        return try await RequestTasks.make(
            context: self.context, job: self.job, control: self.control, bucket: bucket, client: client)
    }

    private func stored<Value: Sendable>(
        _ body: () async throws(S3Error) -> Value
    ) async throws(JobInterruption) -> Value {
        do throws(S3Error) {
            return try await body()
        } catch {
            throw .trouble(error.message)
        }
    }
}

/// Runs rows of tasks.
protocol TaskOperation: Sendable {
    /// Tasks that were not begun before the job was told to stop are left.
    func run(_ chunk: JobRows.Chunk) async -> TaskRunner.Outcome

    /// No row is run any more, until the job goes on with others.
    func ended()
}

extension TaskOperation {
    func ended() {}
}

/// The job's role cannot be assumed any more.
struct RefusedTasks: TaskOperation {
    let control: JobControl
    let job: JobStore.Job

    func run(_ chunk: JobRows.Chunk) async -> TaskRunner.Outcome {
        var outcome = TaskRunner.Outcome(chunk: chunk, done: [], left: [])
        for (index, task) in chunk.tasks.enumerated() {
            if self.control.isStopping {
                outcome.left = Array(chunk.tasks[index...])
                break
            }
            let result = BatchTaskResult.failed(
                status: 403, code: "AssumeRoleNotPermitted",
                message: "The role \(self.job.request.roleARN) cannot be assumed")
            self.control.count(result)
            outcome.done.append((task, result))
        }
        return outcome
    }
}

extension JobProgressRecord {
    func counts(total: Int64) -> JobProgress {
        JobProgress(total: total, succeeded: self.succeededTasks, failed: self.failedTasks)
    }

    var isFinished: Bool { self.succeededTasks + self.failedTasks == self.preparedTasks }
}
