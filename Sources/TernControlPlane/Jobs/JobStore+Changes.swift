import FoundationEssentials
import Logging
import Synchronization
package import TernBatch
package import TernCore
import TernPorts
package import TernRecords
package import TernS3Protocol
import TernStorage

extension JobStore {
    // MARK: Creating

    /// Makes a job, which is New and can be described at once (spec rule BR-CJ-6).
    ///
    /// The same token with an equal request makes no second job (spec rule BR-CJ-5).
    ///
    /// - Parameters:
    ///   - body: Of CreateJob, as it came.
    ///   - request: What `body` says.
    /// - Returns: The ID of the job, or of the one that the token has made before.
    package func create(
        account: AccountID, body: [UInt8], request: JobRequest, document: XMLNode
    ) async throws(JobStoreError) -> String {
        await self.turn.acquire()
        defer { self.turn.release() }
        while true {
            if let id = try await self.earlier(request, document, of: account) { return id }
            let open = self.state.withLock { $0.index.openCount(of: account) }
            if open >= self.limits.openJobsPerAccount { throw .tooManyJobs }
            var record = JobRecord()
            record.id = RandomUUID.make(self.random)
            record.account = account.description
            record.request = .init(body)
            record.number = self.unusedNumber()
            record.tagList = request.tags
            record.set(
                JobState(
                    priority: request.priority, needsConfirmation: request.confirmationRequired,
                    created: self.wall.now))
            var job = try self.job(record)
            job.document = document
            let rows = try self.events?.rows(for: job, entering: .new) ?? []
            let isAdded = try await self.storing(rows) { () throws(JobStoreError) in
                try await self.rows.add(record, of: account, token: request.token, and: rows)
            }
            guard isAdded else { continue }
            self.committed(job, entered: [.new])
            return job.id
        }
    }

    /// The job that a token has made; one that nobody can ask for any more makes way, with its token.
    private func earlier(
        _ request: JobRequest, _ document: XMLNode, of account: AccountID
    ) async throws(JobStoreError) -> String? {
        guard let id = try await self.rows.id(ofToken: request.token, of: account),
            let stored = try await self.rows.find(id, of: account)
        else { return nil }
        let job = try self.job(stored.record)
        if job.state.isForgotten(at: self.wall.now) {
            try await self.remove(stored, job)
            return nil
        }
        guard job.request.isEqual(to: request), JobEcho.isEqual(job.document, document) else { throw .tokenReused }
        return id
    }

    private func unusedNumber() -> UInt64 {
        while true {
            let number = self.random.next()
            let isTaken = self.state.withLock { $0.index.entries.values.contains { $0.number == number } }
            if number != 0, !isTaken { return number }
        }
    }

    // MARK: Changing

    /// Applies what happened to a job.
    ///
    /// - Returns: The job as it is then; `nil` where it is gone.
    package func apply(
        _ event: JobState.Event, to id: String, account: AccountID
    ) async throws(JobStoreError) -> Job? {
        try await self.change(id, of: account) { _, state, now throws(JobStoreError) -> [JobStatus] in
            do throws(JobState.IllegalTransition) {
                return try state.apply(event, at: now)
            } catch {
                throw .illegalTransition(error)
            }
        }
    }

    /// Sets how urgent a job is that has not ended (spec rule BR-US-2).
    package func setPriority(
        _ priority: Int, of id: String, account: AccountID
    ) async throws(JobStoreError) -> Job? {
        try await self.change(id, of: account) { _, state, _ throws(JobStoreError) -> [JobStatus] in
            if state.status.isTerminal { throw .hasEnded }
            state.priority = priority
            return []
        }
    }

    /// Replaces the tags, whatever the status.
    package func setTags(_ tags: [Tag], of id: String, account: AccountID) async throws(JobStoreError) -> Job? {
        try await self.change(id, of: account) { record, _, _ throws(JobStoreError) -> [JobStatus] in
            record.tagList = tags
            return []
        }
    }

    /// Notes where the manifest is that the job has written.
    package func setManifest(
        _ manifest: JobManifestRecord, of id: String, account: AccountID
    ) async throws(JobStoreError) -> Job? {
        try await self.change(id, of: account) { record, _, _ throws(JobStoreError) -> [JobStatus] in
            record.manifest = manifest
            return []
        }
    }

    private func change(
        _ id: String, of account: AccountID,
        _ edit: (inout JobRecord, inout JobState, Timestamp) throws(JobStoreError) -> [JobStatus]
    ) async throws(JobStoreError) -> Job? {
        await self.turn.acquire()
        defer { self.turn.release() }
        while true {
            guard let stored = try await self.rows.find(id, of: account) else { return nil }
            var job = try self.job(stored.record)
            let now = self.wall.now
            if job.state.isForgotten(at: now) { return nil }
            if !job.state.status.isTerminal, let progress = try await self.rows.progress(of: job.partition) {
                job = try self.job(stored.record, progress: progress)
            }
            let entered = try edit(&job.record, &job.state, now)
            job.record.set(job.state)
            if job.record == stored.record { return job }
            var rows: [KeyValue] = []
            for status in entered { rows += try self.events?.rows(for: job, entering: status) ?? [] }
            let isReplaced = try await self.storing(rows) { () throws(JobStoreError) in
                try await self.rows.replace(stored, by: job.record, of: account, and: rows)
            }
            guard isReplaced else { continue }
            let isOfOtherPriority = stored.record.priority != job.record.priority
            self.committed(job, entered: entered, tells: isOfOtherPriority || !entered.isEmpty)
            return job
        }
    }

    /// Does a commit with the rows that tell of it.
    private func storing(
        _ rows: [KeyValue], _ commit: () async throws(JobStoreError) -> Bool
    ) async throws(JobStoreError) -> Bool {
        guard let events = self.events, !rows.isEmpty else { return try await commit() }
        return try await events.store(rows, by: commit)
    }

    private func committed(_ job: Job, entered: [JobStatus], tells: Bool = true) {
        let observers = self.state.withLock { state in
            state.index.put(job.indexEntry)
            return tells ? state.observers : []
        }
        for observer in observers { observer(job, entered) }
    }

    // MARK: Forgetting

    /// Removes the jobs that ended 90 days ago, with their tokens and what their partitions have (spec rule BR-ST-4).
    /// Now and then.
    package func removeForgotten() async throws(JobStoreError) {
        let now = self.wall.now
        let forgotten = self.state.withLock { state in
            state.index.entries.values.filter { $0.isForgotten(at: now) }
        }
        for entry in forgotten {
            await self.turn.acquire()
            defer { self.turn.release() }
            guard let stored = try await self.rows.find(entry.id, of: entry.account) else {
                self.state.withLock { $0.index.remove(entry.id) }
                continue
            }
            try await self.remove(stored, try self.job(stored.record))
        }
    }

    private func remove(_ stored: JobRows.Stored, _ job: Job) async throws(JobStoreError) {
        guard try await self.rows.remove(stored, of: job.account, token: job.request.token) else { return }
        self.state.withLock { $0.index.remove(job.id) }
        self.logger.debug("job removed", metadata: ["job": "\(job.id)", "account": "\(job.account)"])
    }
}

extension JobRequest {
    /// Whether both ask for the same, in whatever order their tags are.
    fileprivate func isEqual(to other: JobRequest) -> Bool {
        var (left, right) = (self, other)
        left.tags.sort { $0.key < $1.key }
        right.tags.sort { $0.key < $1.key }
        return left == right
    }
}
