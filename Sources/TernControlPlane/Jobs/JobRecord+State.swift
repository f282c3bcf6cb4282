import TernBatch
import TernCore
import TernRecords
import TernS3Protocol

/// What is stored of a job, and what its state machine is made of. Times that are not there are 0 in the record.
extension JobState {
    /// - Parameter request: What CreateJob asked for; whether the job needs a confirmation stands there alone.
    init(_ record: JobRecord, request: JobRequest) throws(JobStoreError) {
        guard let status = JobStatus(rawValue: record.status) else {
            throw .damaged("job \(record.id) has an unknown status: \(record.status)")
        }
        self.init(
            priority: Int(clamping: record.priority), needsConfirmation: request.confirmationRequired,
            created: Timestamp(milliseconds: record.createdMs))
        self.status = status
        self.suspended = Self.time(record.suspendedMs)
        self.terminated = Self.time(record.terminatedMs)
        self.statusReason = record.statusReason.isEmpty ? nil : record.statusReason
        self.failures = record.failures.map { JobFailure(code: $0.code, reason: $0.reason) }
        self.progress = JobProgress(
            total: record.totalTasks, succeeded: record.succeededTasks, failed: record.failedTasks)
        self.activeMilliseconds = record.activeMs
        self.activeSince = Self.time(record.activeSinceMs)
    }

    private static func time(_ milliseconds: Int64) -> Timestamp? {
        milliseconds == 0 ? nil : Timestamp(milliseconds: milliseconds)
    }
}

extension JobRecord {
    /// Takes over what may change. How the tasks did is kept once the job has ended; before, its partition says it.
    mutating func set(_ state: JobState) {
        self.status = state.status.rawValue
        self.priority = Int64(state.priority)
        self.createdMs = state.created.milliseconds
        self.suspendedMs = state.suspended?.milliseconds ?? 0
        self.terminatedMs = state.terminated?.milliseconds ?? 0
        self.statusReason = state.statusReason ?? ""
        self.failures = state.failures.map { failure in
            var record = JobFailureRecord()
            record.code = failure.code
            record.reason = failure.reason
            return record
        }
        self.totalTasks = state.progress.total
        self.activeMs = state.activeMilliseconds
        self.activeSinceMs = state.activeSince?.milliseconds ?? 0
        guard state.status.isTerminal else { return }
        self.succeededTasks = state.progress.succeeded
        self.failedTasks = state.progress.failed
    }

    var tagList: [Tag] {
        get { self.tags.map { Tag(key: $0.key, value: $0.value) } }
        set {
            self.tags = newValue.map { tag in
                var pair = TagPair()
                pair.key = tag.key
                pair.value = tag.value
                return pair
            }
        }
    }
}
