import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernS3Protocol

/// The tasks of all operations but replication: each is one S3 request in the name of the job's role, with that
/// request's own permissions, errors and events (batch-replication §2).
struct RequestTasks: TaskOperation {
    let context: BatchContext
    let control: JobControl
    let client: RoleClient
    let bucket: String
    let operation: any ObjectOperation

    /// What a row without a version ID under a column of them comes to (spec rule BR-MF-7).
    private static let missingVersion = BatchTaskResult.failed(
        status: 400, code: "InvalidRequest", message: "Task failed due to missing VersionId")

    static func make(
        context: BatchContext, job: JobStore.Job, control: JobControl, bucket: String, client: RoleClient
    ) async throws(JobInterruption) -> RequestTasks {
        let operation = try ObjectOperations.make(job.request.operation, job: job, context: context)
        return RequestTasks(context: context, control: control, client: client, bucket: bucket, operation: operation)
    }

    func run(_ chunk: JobRows.Chunk) async -> TaskRunner.Outcome {
        var results = [BatchTaskResult?](repeating: nil, count: chunk.tasks.count)
        await withTaskGroup(of: (Int, BatchTaskResult?).self) { group in
            var next = 0
            var underWay = 0
            while true {
                while next < chunk.tasks.count, underWay < self.context.options.requestsPerChunk,
                    !self.control.isStopping, !Task.isCancelled
                {
                    let index = next
                    next += 1
                    underWay += 1
                    let task = chunk.tasks[index]
                    group.addTask { (index, await self.perform(task)) }
                }
                guard let (index, result) = await group.next() else { break }
                underWay -= 1
                guard let result else { continue }
                self.control.count(result)
                results[index] = result
            }
        }
        var outcome = TaskRunner.Outcome(chunk: chunk, done: [], left: [])
        for (task, result) in zip(chunk.tasks, results) {
            if let result { outcome.done.append((task, result)) } else { outcome.left.append(task) }
        }
        return outcome
    }

    /// One task, tried again where what went wrong passes; `nil` when the process ends in between.
    private func perform(_ task: BatchTask) async -> BatchTaskResult? {
        guard let key = ManifestKey.decode(task.encodedKey) else {
            return .failed(status: 400, code: "InvalidRequest", message: "The key is not valid")
        }
        if task.versionID?.isEmpty == true { return Self.missingVersion }
        let target = ObjectTarget(bucket: self.bucket, key: key, versionID: task.versionID)
        var attempts = 0
        while true {
            attempts += 1
            do throws(RoleRequestFailure) {
                return .succeeded(try await self.operation.perform(on: target, with: self.client))
            } catch {
                let failed = BatchTaskResult.failed(status: error.status, code: error.code, message: error.message)
                guard TaskRetry.isTransient(status: error.status, code: error.code),
                    let delay = TaskRetry.delay(
                        afterAttempts: attempts, jitter: self.context.random.nextFraction())
                else { return failed }
                guard (try? await self.context.wall.sleep(until: self.context.wall.now + delay)) != nil else {
                    return nil
                }
            }
        }
    }
}

/// The object of one task.
struct ObjectTarget: Hashable, Sendable {
    var bucket: String
    var key: ObjectKey
    /// `nil` is the version that is current by then.
    var versionID: String?

    /// A request about it, with the version in the query.
    func request(_ method: String, _ subresource: String? = nil) -> RoleClient.Request {
        var request = RoleClient.Request(method, bucket: self.bucket, key: self.key)
        var parts: [String] = []
        if let subresource { parts.append(subresource) }
        if let versionID {
            parts.append("versionId=" + PercentEncoding.encode(Array(versionID.utf8), keepingSlash: false))
        }
        request.query = parts.joined(separator: "&")
        return request
    }
}

/// What a job does with one object.
protocol ObjectOperation: Sendable {
    /// - Returns: The ResultMessage of the task.
    func perform(on target: ObjectTarget, with client: RoleClient) async throws(RoleRequestFailure) -> String
}
