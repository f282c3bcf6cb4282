import Logging
import SwiftProtobuf
import Synchronization
import TernBatch
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol
import TernStorage
import TernTestSupport
import Testing

@Suite("Jobs of S3 Batch Operations")
struct JobStoreTests {
    private let metadata = MemoryMetadataStore()
    private let clock = ManualClock()
    private let random = SeededRandom(seed: 7)

    private func open(
        _ metadata: (any MetadataStore)? = nil, limits: JobStore.Limits = JobStore.Limits(),
        events: (any JobEventRows)? = nil
    ) async throws -> JobStore {
        try await JobStore.open(
            metadata: metadata ?? self.metadata, region: .usEast1, wall: self.clock, random: self.random,
            limits: limits,
            events: events, logger: Logger(label: "test"))
    }

    private func create(
        _ store: JobStore, account: AccountID = JobBodies.account, body: [UInt8] = JobBodies.body()
    ) async throws -> String {
        try await store.create(
            account: account, body: body, request: try JobRequest(decoding: body),
            document: try RequestDocument.parse(body, root: "CreateJobRequest"))
    }

    private func failure(_ body: () async throws(JobStoreError) -> Void) async -> JobStoreError? {
        do throws(JobStoreError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    /// The status that does not allow it.
    private static func refusedTransition(_ error: JobStoreError?) -> JobStatus? {
        guard case .illegalTransition(let transition) = error else { return nil }
        return transition.status
    }

    private func apply(_ store: JobStore, _ id: String, _ events: JobState.Event...) async throws {
        for event in events { #expect(try await store.apply(event, to: id, account: JobBodies.account) != nil) }
    }

    private func job(_ store: JobStore, _ id: String) async throws -> JobStore.Job {
        try #require(try await store.job(id, of: JobBodies.account))
    }

    private func write(_ progress: JobProgressRecord, _ partition: PartitionID) async throws {
        var batch = MetadataBatch(partition: partition)
        batch.put(JobPartition.progressKey, try progress.serializedBytes())
        try await self.metadata.commit(batch)
    }

    // MARK: Creating

    @Test("BR-CJ-6, BR-API-5: a job can be described as soon as it is created, and is New; its ID is a lower-case UUID")
    func creation() async throws {
        let store = try await self.open()
        let body = JobBodies.body(tags: JobBodies.tag("team", "storage"))
        let id = try await self.create(store, body: body)
        #expect(id.count == 36 && id == id.lowercased() && id.count { $0 == "-" } == 4)
        let job = try await self.job(store, id)
        #expect(job.state.status == .new)
        #expect(job.state.created == self.clock.now)
        #expect(job.state.progress == JobProgress())
        #expect(job.request == (try JobRequest(decoding: body)))
        #expect(job.arn == "arn:aws:s3:us-east-1:111122223333:job/\(id)")
        #expect(job.tags == [Tag(key: "team", value: "storage")])
        #expect(job.partition.kind == .job && job.partition.id != 0)
        #expect(try await store.job(id, of: JobBodies.other) == nil)
        #expect(store.openJobs.map(\.id) == [id])
        #expect(store.openJobs.first?.isReplication == true)
    }

    @Test("BR-CJ-5: a token makes one job, whatever the order of its request; for another request it is refused")
    func idempotency() async throws {
        let store = try await self.open()
        let (a, b) = (JobBodies.tag("a", "1"), JobBodies.tag("b", "2"))
        let id = try await self.create(store, body: JobBodies.body(tags: a + b))
        #expect(try await self.create(store, body: JobBodies.body(tags: b + a)) == id)
        let changed = JobBodies.body(priority: 11, tags: a + b)
        await #expect(throws: JobStoreError.tokenReused) { try await self.create(store, body: changed) }
        // After it has started, and after a restart.
        try await self.apply(store, id, .taken)
        let again = try await self.open()
        #expect(try await self.create(again, body: JobBodies.body(tags: a + b)) == id)
        await #expect(throws: JobStoreError.tokenReused) { try await self.create(again, body: changed) }
        // Tokens are each account's own.
        #expect(try await self.create(again, account: JobBodies.other, body: changed) != id)
        #expect(again.openJobs.count == 2)
    }

    @Test("BR-CJ-5: requests with one token at once make one job")
    func concurrentCreation() async throws {
        let store = try await self.open()
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await self.create(store) } }
            var ids: Set<String> = []
            for try await id in group { ids.insert(id) }
            return ids
        }
        #expect(ids.count == 1)
        #expect(store.openJobs.count == 1)
    }

    @Test("TD-2: an account has so many jobs that have not ended, and no more")
    func cap() async throws {
        let store = try await self.open(limits: JobStore.Limits(openJobsPerAccount: 2))
        let first = try await self.create(store, body: JobBodies.body(token: "1"))
        _ = try await self.create(store, body: JobBodies.body(token: "2"))
        await #expect(throws: JobStoreError.tooManyJobs) {
            try await self.create(store, body: JobBodies.body(token: "3"))
        }
        // A repetition is no new job.
        #expect(try await self.create(store, body: JobBodies.body(token: "1")) == first)
        _ = try await self.create(store, account: JobBodies.other)
        try await self.apply(store, first, .cancelRequested(reason: nil), .settled)
        _ = try await self.create(store, body: JobBodies.body(token: "3"))
    }

    // MARK: Changing

    @Test("BR-ST-1, BR-ST-5: transitions are stored with their times, and observers hear of each in its order")
    func transitions() async throws {
        let store = try await self.open()
        let heard = Mutex<[JobStatus]>([])
        store.observe { _, entered in heard.withLock { $0 += entered } }
        let id = try await self.create(store)
        try await self.apply(store, id, .taken, .prepared(tasks: 3))
        var job = try await self.job(store, id)
        #expect(job.state.status == .suspended)
        #expect(job.state.suspended == self.clock.now)
        #expect(job.state.progress.total == 3)
        self.clock.advance(by: .seconds(60))
        try await self.apply(store, id, .confirmed(reason: "go"), .scheduled)
        self.clock.advance(by: .seconds(7))
        job = try await self.job(try await self.open(), id)
        #expect(job.state.status == .active)
        #expect(job.state.suspended == nil)
        #expect(job.state.statusReason == "go")
        #expect(job.state.activeSeconds(at: self.clock.now) == 7)
        try await self.apply(store, id, .failed(.tooManyTasksFailed), .settled)
        job = try await self.job(try await self.open(), id)
        #expect(job.state.status == .failed)
        #expect(job.state.terminated == self.clock.now)
        #expect(job.state.failures == [.tooManyTasksFailed])
        #expect(heard.withLock { $0 } == [.new, .preparing, .suspended, .ready, .active, .failing, .failed])
        #expect(store.openJobs.isEmpty)
    }

    @Test("BR-US-1: what the status does not allow changes nothing; to cancel what is being cancelled is no error")
    func illegal() async throws {
        let store = try await self.open()
        let id = try await self.create(store)
        let error = await self.failure { () throws(JobStoreError) in
            _ = try await store.apply(.confirmed(reason: nil), to: id, account: JobBodies.account)
        }
        #expect(Self.refusedTransition(error) == .new)
        #expect(try await self.job(store, id).state.status == .new)
        let cancel = JobState.Event.cancelRequested(reason: nil)
        try await self.apply(store, id, cancel, cancel)
        #expect(try await self.job(store, id).state.status == .cancelling)
        try await self.apply(store, id, .settled)
        let after = await self.failure { () throws(JobStoreError) in
            _ = try await store.apply(cancel, to: id, account: JobBodies.account)
        }
        #expect(Self.refusedTransition(after) == .cancelled)
        #expect(try await store.apply(cancel, to: "unknown", account: JobBodies.account) == nil)
        #expect(try await store.apply(cancel, to: id, account: JobBodies.other) == nil)
    }

    @Test("BR-SC-3, BR-US-2: a priority is changed while the job has not ended, and observers hear of it")
    func priority() async throws {
        let store = try await self.open()
        let heard = Mutex<[Int]>([])
        let id = try await self.create(store)
        store.observe { job, entered in
            #expect(entered.isEmpty)
            heard.withLock { $0.append(job.state.priority) }
        }
        _ = try await store.setPriority(98, of: id, account: JobBodies.account)
        // What changes nothing is not told.
        _ = try await store.setPriority(98, of: id, account: JobBodies.account)
        _ = try await store.setTags([Tag(key: "a", value: "b")], of: id, account: JobBodies.account)
        #expect(heard.withLock { $0 } == [98])
        #expect(store.openJobs.first?.priority == 98)
        #expect(try await self.job(try await self.open(), id).state.priority == 98)
    }

    @Test("BR-US-2: the priority of a job that has ended cannot be changed; its tags can")
    func ended() async throws {
        let store = try await self.open()
        let id = try await self.create(store)
        try await self.apply(store, id, .cancelRequested(reason: "no"), .settled)
        let error = await self.failure { () throws(JobStoreError) in
            _ = try await store.setPriority(1, of: id, account: JobBodies.account)
        }
        #expect(error == .hasEnded)
        _ = try await store.setTags([Tag(key: "k", value: "")], of: id, account: JobBodies.account)
        #expect(try await self.job(store, id).tags == [Tag(key: "k", value: "")])
        _ = try await store.setTags([], of: id, account: JobBodies.account)
        #expect(try await self.job(try await self.open(), id).tags.isEmpty)
    }

    @Test("A change that another one overtakes is made from what is there then")
    func overtaken() async throws {
        let store = InterruptedStore(self.metadata)
        let jobs = try await self.open(store)
        let id = try await self.create(jobs)
        let others = try await self.open()
        store.interruptNextCommit {
            _ = try? await others.setPriority(77, of: id, account: JobBodies.account)
        }
        try await self.apply(jobs, id, .taken)
        let job = try await self.job(jobs, id)
        #expect(job.state.status == .preparing)
        #expect(job.state.priority == 77)
    }

    @Test("A commit whose outcome is not known is looked up: made, it counts, and otherwise the caller is told")
    func unknownOutcome() async throws {
        let store = UncertainStore(self.metadata)
        let jobs = try await self.open(store)
        store.failNextCommit(made: true)
        let id = try await self.create(jobs)
        store.failNextCommit(made: true)
        try await self.apply(jobs, id, .taken)
        #expect(try await self.job(jobs, id).state.status == .preparing)
        store.failNextCommit(made: false)
        let error = await self.failure { () throws(JobStoreError) in
            _ = try await jobs.apply(.prepared(tasks: 1), to: id, account: JobBodies.account)
        }
        guard case .storage = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await self.job(jobs, id).state.status == .preparing)
    }

    // MARK: Progress

    @Test("BR-TH-2: live progress is shown at once, read again after a restart, and kept with the record at the end")
    func progress() async throws {
        let store = try await self.open()
        let id = try await self.create(store, body: JobBodies.body(confirmed: false))
        try await self.apply(store, id, .taken, .prepared(tasks: 10), .scheduled)
        store.note(JobProgress(total: 10, succeeded: 2, failed: 1), of: id)
        #expect(try await self.job(store, id).state.progress == JobProgress(total: 10, succeeded: 2, failed: 1))
        #expect(try await store.jobs(of: JobBodies.account, limit: 1).jobs.first?.state.progress.succeeded == 2)
        var record = JobProgressRecord()
        record.preparedTasks = 10
        record.succeededTasks = 5
        record.failedTasks = 2
        let partition = try await self.job(store, id).partition
        try await self.write(record, partition)
        let again = try await self.open()
        #expect(try await self.job(again, id).state.progress == JobProgress(total: 10, succeeded: 5, failed: 2))
        record.succeededTasks = 8
        try await self.write(record, partition)
        try await self.apply(again, id, .tasksFinished, .settled)
        #expect(try await self.job(again, id).state.progress == JobProgress(total: 10, succeeded: 8, failed: 2))
        let last = try await self.job(try await self.open(), id)
        #expect(last.record.succeededTasks == 8 && last.record.failedTasks == 2)
        // What comes too late says nothing.
        again.note(JobProgress(total: 10, succeeded: 1, failed: 1), of: id)
        #expect(try await self.job(again, id).state.progress.succeeded == 8)
    }

    @Test("The manifest that a job wrote is kept with it")
    func manifest() async throws {
        let store = try await self.open()
        let id = try await self.create(store)
        #expect(try await !self.job(store, id).record.hasManifest)
        var manifest = JobManifestRecord()
        manifest.bucket = "ops"
        manifest.key = "gen/manifest.json"
        manifest.etag = "e"
        _ = try await store.setManifest(manifest, of: id, account: JobBodies.account)
        #expect(try await self.job(try await self.open(), id).record.manifest == manifest)
    }
}
