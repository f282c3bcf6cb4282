import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernRecords
import TernS3Protocol

/// Reads or makes the manifest of a job, whole, before its first task (spec rule BR-MF-5). A preparation that was broken
/// off begins anew.
struct JobPreparation: Sendable {
    let context: BatchContext
    let job: JobStore.Job
    let control: JobControl

    /// - Returns: The number of tasks.
    func run() async throws(JobInterruption) -> Int64 {
        guard let client = await self.context.client(for: self.job) else {
            throw .failed(.roleNotAssumable(self.job.request.roleARN))
        }
        try await self.checkReport()
        let sink = TaskSink(rows: JobRows(metadata: self.context.service.metadata, partition: self.job.partition))
        try await sink.begin()
        switch self.job.request.source {
        case .manifest(let manifest):
            try await ManifestSource(
                context: self.context, client: client, manifest: manifest, control: self.control
            ).read(into: sink)
        case .generator(let generator):
            try await ManifestMaker(
                context: self.context, job: self.job, client: client, generator: generator, control: self.control
            ).make(into: sink)
        }
        let tasks = try await sink.finish()
        try await self.checkObjectLock(client, bucket: await sink.bucket)
        return tasks
    }

    /// BR-RP-4. Whether it can be written shows at the end (spec rule BR-CJ-3).
    private func checkReport() async throws(JobInterruption) {
        let report = self.job.request.report
        guard report.isEnabled, let bucket = report.bucket else { return }
        if let expected = report.expectedOwner { return try await self.context.checkOwner(of: bucket, is: expected) }
        // Checksums are told to nobody but an owner who is named (batch-replication §2.2).
        if case .computeChecksum = self.job.request.operation { throw .failed(.ownerNotNamed) }
    }

    /// Jobs that lock need a bucket with Object Lock, which is looked at before any key is.
    private func checkObjectLock(_ client: RoleClient, bucket: String) async throws(JobInterruption) {
        switch self.job.request.operation {
        case .putLegalHold, .putRetention: break
        default: return
        }
        var request = RoleClient.Request("GET", bucket: bucket)
        request.query = "object-lock"
        do throws(RoleRequestFailure) {
            _ = try await client.send(request)
        } catch {
            if TaskRetry.isTransient(status: error.status, code: error.code) { throw .trouble(error.message) }
            throw .failed(JobFailure(code: error.code, reason: "The bucket's Object Lock: \(error.message)"))
        }
    }
}

extension BatchContext {
    /// Fails the job where a bucket belongs to another account than its request says.
    func checkOwner(of bucket: BucketName, is expected: AccountID) async throws(JobInterruption) {
        let owner: String
        do throws(S3Error) {
            switch try await self.service.registry.locate(bucket.description) {
            case .here(let state): owner = state.record.owner
            case .elsewhere(let record): owner = record.owner
            }
        } catch {
            // That it is not there will show when it is used.
            if error.code == "NoSuchBucket" { return }
            throw .trouble(error.message)
        }
        if owner != expected.description { throw .failed(.unexpectedOwner(ofBucket: bucket.description)) }
    }
}

/// Takes the tasks of a job as they are read, and stores them in rows.
actor TaskSink {
    private let rows: JobRows
    private var waiting: [BatchTask] = []
    private var number: UInt64 = 0
    private var progress = JobProgressRecord()

    init(rows: JobRows) {
        self.rows = rows
    }

    var bucket: String { self.progress.bucket }
    var count: Int64 { self.progress.preparedTasks + Int64(self.waiting.count) }

    func begin() async throws(JobInterruption) {
        do throws(S3Error) {
            try await self.rows.clear()
        } catch {
            throw .trouble(error.message)
        }
    }

    func setBucket(_ bucket: String) { self.progress.bucket = bucket }

    func add(_ tasks: [BatchTask]) async throws(JobInterruption) {
        self.waiting.append(contentsOf: tasks)
        while self.waiting.count >= JobRows.tasksPerRow { try await self.store() }
    }

    func finish() async throws(JobInterruption) -> Int64 {
        while !self.waiting.isEmpty { try await self.store() }
        self.progress.isPrepared = true
        do throws(S3Error) {
            try await self.rows.append([], number: self.number, progress: self.progress)
        } catch {
            throw .trouble(error.message)
        }
        return self.progress.preparedTasks
    }

    private func store() async throws(JobInterruption) {
        let tasks = Array(self.waiting.prefix(JobRows.tasksPerRow))
        var changed = self.progress
        changed.preparedTasks += Int64(tasks.count)
        do throws(S3Error) {
            try await self.rows.append(tasks, number: self.number, progress: changed)
        } catch {
            throw .trouble(error.message)
        }
        self.progress = changed
        self.number += 1
        self.waiting.removeFirst(tasks.count)
    }
}
