package import Logging
import Synchronization
package import TernBatch
package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// The jobs of S3 Batch Operations of this region: the one place that reads and writes their rows of the directory.
///
/// A small index of all jobs is in memory; the records are read where they are asked for. Each change requires the record
/// that it was made from, and is durable before anybody hears of it.
package final class JobStore: Sendable {
    package struct Job: Sendable {
        /// As stored.
        package var record: JobRecord
        package var account: AccountID
        package var id: String
        package var arn: String
        /// From the record, with the progress of the moment.
        package var state: JobState
        package var request: JobRequest
        /// The body of CreateJob.
        package var document: XMLNode
        /// Where its tasks and their results are.
        package var partition: PartitionID

        package var tags: [Tag] { self.record.tagList }
    }

    package struct Limits: Sendable {
        /// Jobs of an account that have not ended (TD-2).
        package var openJobsPerAccount: Int

        package init(openJobsPerAccount: Int = 1000) {
            self.openJobsPerAccount = openJobsPerAccount
        }
    }

    struct State {
        var index = JobIndex()
        var observers: [@Sendable (Job, [JobStatus]) -> Void] = []
    }

    let rows: JobRows
    let wall: any WallClock
    let random: any RandomSource
    let limits: Limits
    let events: (any JobEventRows)?
    let logger: Logger
    /// One changes at a time, so that observers hear of changes in their order.
    let turn = AsyncLock()
    let state = Mutex(State())
    private let region: RegionName

    private init(
        metadata: any MetadataStore, region: RegionName, wall: any WallClock, random: any RandomSource, limits: Limits,
        events: (any JobEventRows)?, logger: Logger
    ) {
        self.rows = JobRows(metadata: metadata)
        self.region = region
        self.wall = wall
        self.random = random
        self.limits = limits
        self.events = events
        self.logger = logger
    }

    /// Reads which jobs there are, and how far those are that have not ended.
    ///
    /// - Parameter events: Tells of creations and transitions, in their commits.
    package static func open(
        metadata: any MetadataStore, region: RegionName, wall: any WallClock, random: any RandomSource,
        limits: Limits = Limits(), events: (any JobEventRows)? = nil, logger: Logger
    ) async throws(JobStoreError) -> JobStore {
        let store = JobStore(
            metadata: metadata, region: region, wall: wall, random: random, limits: limits, events: events,
            logger: logger)
        for record in try await store.rows.all() {
            // Of those that have ended nobody asks for more than the record has, before they are described.
            let isOpen = JobStatus(rawValue: record.status)?.isTerminal == false
            let progress = isOpen ? try await store.rows.progress(of: Self.partition(of: record)) : nil
            let job = try store.job(record, progress: progress)
            store.state.withLock { $0.index.put(job.indexEntry) }
        }
        return store
    }

    // MARK: Reading

    /// A job; `nil` where the account has no such job, or has it no longer (spec rule BR-ST-4).
    package func job(_ id: String, of account: AccountID) async throws(JobStoreError) -> Job? {
        guard let stored = try await self.rows.find(id, of: account) else { return nil }
        let job = self.withLiveProgress(try self.job(stored.record))
        return job.state.isForgotten(at: self.wall.now) ? nil : job
    }

    /// Jobs of an account, from the newest to the oldest.
    ///
    /// - Parameters:
    ///   - statuses: All, where it is empty.
    ///   - position: Only those after it.
    /// - Returns: `next` where there are more.
    package func jobs(
        of account: AccountID, statuses: Set<JobStatus> = [], after position: JobPosition? = nil, limit: Int
    ) async throws(JobStoreError) -> (jobs: [Job], next: JobPosition?) {
        let now = self.wall.now
        let entries = self.state.withLock {
            $0.index.list(account, statuses: statuses, after: position, limit: limit + 1, at: now)
        }
        let page = entries.prefix(limit)
        var jobs: [Job] = []
        for entry in page {
            // Between the index and the record it may have gone, or have become one that was not asked for.
            guard let job = try await self.job(entry.id, of: account),
                statuses.isEmpty || statuses.contains(job.state.status)
            else { continue }
            jobs.append(job)
        }
        return (jobs, entries.count > limit ? page.last?.position : nil)
    }

    /// Jobs of all accounts, from the newest to the oldest, for operators.
    ///
    /// - Parameter position: Only those after it.
    /// - Returns: `next` where there are more.
    package func jobs(
        after position: JobPosition? = nil, limit: Int
    ) async throws(JobStoreError) -> (jobs: [Job], next: JobPosition?) {
        let now = self.wall.now
        let entries = self.state.withLock { $0.index.list(after: position, limit: limit + 1, at: now) }
        var jobs: [Job] = []
        for entry in entries.prefix(limit) {
            guard let job = try await self.job(entry.id, of: entry.account) else { continue }
            jobs.append(job)
        }
        return (jobs, entries.count > limit ? entries.prefix(limit).last?.position : nil)
    }

    /// A job of any account, for operators; `nil` where there is none, or none any longer.
    package func job(_ id: String) async throws(JobStoreError) -> Job? {
        guard let account = self.state.withLock({ $0.index[id]?.account }) else { return nil }
        return try await self.job(id, of: account)
    }

    /// Jobs that have not ended, for the scheduler and the runner.
    package var openJobs: [JobScheduler.Candidate] {
        self.state.withLock { state in
            state.index.entries.values.compactMap { entry in
                guard !entry.status.isTerminal else { return nil }
                return JobScheduler.Candidate(
                    id: entry.id, account: entry.account, isReplication: entry.isReplication,
                    priority: entry.priority, created: entry.created, status: entry.status)
            }
        }
    }

    // MARK: What the runner tells

    /// How the tasks of a job do while it runs: what descriptions show until the next time.
    package func note(_ progress: JobProgress, of id: String) {
        self.state.withLock { $0.index.setProgress(progress, of: id) }
    }

    /// Calls `observer` after each creation, transition and change of a priority, with the statuses that were entered: none
    /// for a change of the priority. It has to be quick, and must not change jobs itself.
    package func observe(_ observer: @escaping @Sendable (Job, [JobStatus]) -> Void) {
        self.state.withLock { $0.observers.append(observer) }
    }

    // MARK: From records

    /// - Parameter progress: What the job's partition says.
    func job(_ record: JobRecord, progress: JobProgressRecord? = nil) throws(JobStoreError) -> Job {
        let request: JobRequest
        let document: XMLNode
        do throws(S3Error) {
            let body = Array(record.request)
            request = try JobRequest(decoding: body)
            document = try RequestDocument.parse(body, root: "CreateJobRequest")
        } catch {
            throw .damaged("the request of job \(record.id): \(error.message)")
        }
        var state = try JobState(record, request: request)
        if let progress, !state.status.isTerminal {
            state.progress.succeeded = progress.succeededTasks
            state.progress.failed = progress.failedTasks
        }
        return Job(
            record: record, account: AccountID(trusted: record.account), id: record.id,
            arn: self.arn(ofJob: record.id, of: AccountID(trusted: record.account)), state: state, request: request,
            document: document, partition: Self.partition(of: record))
    }

    /// The ARN of a job, which need not be there.
    package func arn(ofJob id: String, of account: AccountID) -> String {
        "arn:aws:s3:\(self.region):\(account):job/\(id)"
    }

    private func withLiveProgress(_ job: Job) -> Job {
        var job = job
        guard !job.state.status.isTerminal, let entry = self.state.withLock({ $0.index[job.id] }) else { return job }
        job.state.progress.succeeded = entry.progress.succeeded
        job.state.progress.failed = entry.progress.failed
        return job
    }

    private static func partition(of record: JobRecord) -> PartitionID {
        PartitionID(kind: .job, id: record.number)
    }
}

extension JobStore.Job {
    var indexEntry: JobIndex.Entry {
        JobIndex.Entry(
            id: self.id, account: self.account, number: self.record.number,
            isReplication: self.request.operation.isReplication, priority: self.state.priority,
            created: self.state.created, status: self.state.status, terminated: self.state.terminated,
            progress: self.state.progress)
    }
}
