import Crypto
import Logging
import TernBatch
import TernControlPlane
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// Writes the completion report of a job, in the name of the job's role (batch-replication §5).
///
/// Results are read one row at a time, and a file is written when it is large enough, so that a report takes the memory
/// of one file for each status. A report that was broken off is written again under the same names.
struct ReportWriter: Sendable {
    let context: BatchContext
    let job: JobStore.Job
    let control: JobControl

    /// Does nothing where no report is wanted, or no task was invoked (spec rule BR-RP-1).
    func write() async throws(JobInterruption) {
        let report = self.job.request.report
        guard report.isEnabled, let bucket = report.bucket else { return }
        let rows = JobRows(metadata: self.context.service.metadata, partition: self.job.partition)
        let progress: JobProgressRecord
        do throws(S3Error) {
            progress = try await rows.progress()
        } catch {
            throw .trouble(error.message)
        }
        guard progress.succeededTasks + progress.failedTasks > 0 else { return }
        if let expected = report.expectedOwner { try await self.context.checkOwner(of: bucket, is: expected) }
        guard let client = await self.context.client(for: self.job) else { throw .failed(.reportNotWritten) }
        try await self.checkRetention(of: bucket)
        var files = ReportFiles(writer: self, client: client, bucket: bucket, prefix: report.prefix)
        var last: [UInt8]?
        let source = Array(progress.bucket.utf8)
        while true {
            let page: (last: [UInt8], results: [(BatchTask, BatchTaskResult)])?
            do throws(S3Error) {
                page = try await rows.results(after: last)
            } catch {
                throw .trouble(error.message)
            }
            guard let page else { break }
            last = page.last
            for (task, result) in page.results where !(report.failedTasksOnly && result.isSuccess) {
                files.add(source, task, result)
            }
            try await files.writeFull()
            await self.context.yieldToClients()
        }
        try await files.finish()
    }

    /// BR-RP-3: a bucket whose default retention would lock the report is not supported.
    private func checkRetention(of bucket: BucketName) async throws(JobInterruption) {
        let location: BucketRegistry.Location
        do throws(S3Error) {
            location = try await self.context.service.registry.locate(bucket.description)
        } catch {
            if error.code == "NoSuchBucket" { throw .failed(.reportNotWritten) }
            throw .trouble(error.message)
        }
        if case .here(let state) = location, state.objectLock?.defaultRetention != nil {
            throw .failed(.reportNotWritten)
        }
    }
}

/// The files of one report.
private struct ReportFiles {
    let writer: ReportWriter
    let client: RoleClient
    let bucket: BucketName
    let places: CompletionReport
    private var succeeded: [UInt8] = []
    private var failed: [UInt8] = []
    private var files: [CompletionReport.File] = []

    init(writer: ReportWriter, client: RoleClient, bucket: BucketName, prefix: String?) {
        self.writer = writer
        self.client = client
        self.bucket = bucket
        self.places = CompletionReport(prefix: prefix, jobID: writer.job.id)
    }

    mutating func add(_ source: [UInt8], _ task: BatchTask, _ result: BatchTaskResult) {
        if result.isSuccess {
            ReportRow.append(bucket: source, task, result, to: &self.succeeded)
        } else {
            ReportRow.append(bucket: source, task, result, to: &self.failed)
        }
    }

    mutating func writeFull() async throws(JobInterruption) {
        let limit = self.writer.context.options.fileBytes
        if self.succeeded.count >= limit { try await self.writeFile(ofSuccesses: true) }
        if self.failed.count >= limit { try await self.writeFile(ofSuccesses: false) }
    }

    mutating func finish() async throws(JobInterruption) {
        if !self.succeeded.isEmpty { try await self.writeFile(ofSuccesses: true) }
        if !self.failed.isEmpty { try await self.writeFile(ofSuccesses: false) }
        let manifest = CompletionReport.manifest(
            bucket: self.bucket.description, files: self.files, created: self.writer.context.wall.now)
        try await self.put(
            self.places.checksumKey, Array(Insecure.MD5.hash(data: manifest)).lowercaseHexBytes, type: "text/plain")
        // Last, so that whoever waits for it finds all that it names.
        try await self.put(self.places.manifestKey, manifest, type: "application/json")
    }

    private mutating func writeFile(ofSuccesses isOfSuccesses: Bool) async throws(JobInterruption) {
        let bytes = isOfSuccesses ? self.succeeded : self.failed
        let name = FileName.make(
            job: self.writer.job.id, part: isOfSuccesses ? "succeeded" : "failed", number: self.files.count)
        let key = self.places.resultsKey(name)
        try await self.put(key, bytes, type: "text/csv")
        self.files.append(
            CompletionReport.File(
                isOfSuccesses: isOfSuccesses, key: key, md5: Array(Insecure.MD5.hash(data: bytes)).lowercaseHex))
        if isOfSuccesses { self.succeeded.removeAll() } else { self.failed.removeAll() }
    }

    private func put(_ key: String, _ bytes: [UInt8], type: String) async throws(JobInterruption) {
        // BR-RP-2
        let headers = HeaderFields([
            .init(name: "content-type", value: type), .init(name: "x-amz-server-side-encryption", value: "AES256"),
        ])
        do throws(RoleRequestFailure) {
            _ = try await self.client.put(bucket: self.bucket, key: key, bytes, headers: headers)
        } catch {
            if TaskRetry.isTransient(status: error.status, code: error.code) { throw .trouble(error.message) }
            self.writer.context.logger.notice(
                "a report cannot be written",
                metadata: ["job": "\(self.writer.job.id)", "error": "\(error.code): \(error.message)"])
            throw .failed(.reportNotWritten)
        }
    }
}
