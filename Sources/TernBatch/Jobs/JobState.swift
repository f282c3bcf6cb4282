package import TernCore

/// The life of one job: a state machine without clock or I/O.
///
/// Whoever runs the job tells it what happened; it answers which statuses were passed, and refuses what is not an edge
/// of the graph. The same for a job that is read back after a crash.
///
/// Source: batch-replication §4.2, rules BR-ST-1 to BR-ST-6, BR-US-1.
package struct JobState: Hashable, Sendable {
    /// How long a job waits for its confirmation (spec rule BR-ST-3).
    package static let confirmationTime = Duration.seconds(30 * 86400)
    /// How long an ended job can be described (spec rule BR-ST-4).
    package static let retention = Duration.seconds(90 * 86400)
    /// What DescribeJob says of a job that waits for confirmation (spec rule BR-ST-2).
    package static let awaitingConfirmation = "AWAITING_CONFIRMATION"

    package var status: JobStatus
    package var priority: Int
    package var needsConfirmation: Bool
    package var created: Timestamp
    /// Since when it waits for confirmation.
    package var suspended: Timestamp?
    /// When it ended.
    package var terminated: Timestamp?
    /// What the last UpdateJobStatus gave as its reason.
    package var statusReason: String?
    package var failures: [JobFailure]
    package var progress: JobProgress
    /// Time in Active before ``activeSince``, in milliseconds.
    package var activeMilliseconds: Int64
    package var activeSince: Timestamp?

    package init(priority: Int, needsConfirmation: Bool, created: Timestamp) {
        self.status = .new
        self.priority = priority
        self.needsConfirmation = needsConfirmation
        self.created = created
        self.failures = []
        self.progress = JobProgress()
        self.activeMilliseconds = 0
    }

    /// Something that happens to a job.
    package enum Event: Hashable, Sendable {
        /// The runner took it up.
        case taken
        /// The manifest is read or generated, and has this many tasks.
        case prepared(tasks: Int64)
        /// UpdateJobStatus asks for Ready.
        case confirmed(reason: String?)
        /// UpdateJobStatus asks for Cancelled.
        case cancelRequested(reason: String?)
        /// The scheduler gives it a place.
        case scheduled
        /// The scheduler takes its place away.
        case displaced
        /// Every task has its result.
        case tasksFinished
        /// The whole job cannot go on.
        case failed(JobFailure)
        /// No task is under way any more, and the report is written where one is due.
        case settled
    }

    /// A request that the status does not allow.
    package struct IllegalTransition: Error, Hashable, Sendable {
        package var status: JobStatus
        package var event: Event
    }

    /// Applies what happened.
    ///
    /// - Returns: The statuses that were entered, in order.
    package mutating func apply(_ event: Event, at now: Timestamp) throws(IllegalTransition) -> [JobStatus] {
        switch (self.status, event) {
        case (.new, .taken):
            return self.enter(.preparing, at: now)
        case (.preparing, .prepared(let tasks)):
            self.progress.total = tasks
            return self.enter(self.needsConfirmation ? .suspended : .ready, at: now)
        case (.suspended, .confirmed(let reason)):
            self.statusReason = reason ?? self.statusReason
            return self.enter(.ready, at: now)
        case (.ready, .scheduled), (.paused, .scheduled):
            return self.enter(.active, at: now)
        case (.active, .displaced):
            return self.enter(.pausing, at: now)
        case (.active, .tasksFinished):
            return self.enter(.completing, at: now)
        case (.suspended, .failed(let failure)):
            self.failures.append(failure)
            return self.enter(.failed, at: now)
        case (.preparing, .failed(let failure)), (.active, .failed(let failure)), (.completing, .failed(let failure)):
            self.failures.append(failure)
            return self.enter(.failing, at: now)
        case (.pausing, .settled):
            return self.enter(.paused, at: now)
        case (.completing, .settled):
            return self.enter(.complete, at: now)
        case (.cancelling, .settled):
            return self.enter(.cancelled, at: now)
        case (.failing, .settled):
            return self.enter(.failed, at: now)
        case (_, .cancelRequested(let reason)):
            return try self.cancel(reason: reason, at: now)
        default:
            throw IllegalTransition(status: self.status, event: event)
        }
    }

    /// Seconds in Active so far (spec rule BR-SC-4).
    package func activeSeconds(at now: Timestamp) -> Int64 {
        var milliseconds = self.activeMilliseconds
        if let activeSince { milliseconds += max(0, now.milliseconds - activeSince.milliseconds) }
        return milliseconds / 1000
    }

    /// Whether it waited for confirmation too long (spec rule BR-ST-3).
    package func isConfirmationOverdue(at now: Timestamp) -> Bool {
        guard self.status == .suspended, let suspended else { return false }
        return now - suspended > Self.confirmationTime
    }

    /// Whether nobody can ask for it any more (spec rule BR-ST-4).
    package func isForgotten(at now: Timestamp) -> Bool {
        guard self.status.isTerminal, let terminated else { return false }
        return now - terminated > Self.retention
    }

    private mutating func cancel(reason: String?, at now: Timestamp) throws(IllegalTransition) -> [JobStatus] {
        switch self.status {
        case .suspended, .ready, .paused:
            // Nothing is under way. A paused job has results, and its report is still to be written.
            self.statusReason = reason ?? self.statusReason
            let hasReport = self.status == .paused && self.progress.executed > 0
            return self.enter(hasReport ? .cancelling : .cancelled, at: now)
        case .new, .preparing, .active, .pausing, .completing:
            self.statusReason = reason ?? self.statusReason
            return self.enter(.cancelling, at: now)
        case .cancelling:
            self.statusReason = reason ?? self.statusReason
            return []
        case .complete, .cancelled, .failing, .failed:
            throw IllegalTransition(status: self.status, event: .cancelRequested(reason: reason))
        }
    }

    private mutating func enter(_ status: JobStatus, at now: Timestamp) -> [JobStatus] {
        if self.status == .active, let activeSince {
            self.activeMilliseconds += max(0, now.milliseconds - activeSince.milliseconds)
            self.activeSince = nil
        }
        if status == .active { self.activeSince = now }
        self.suspended = status == .suspended ? now : nil
        if status.isTerminal { self.terminated = now }
        self.status = status
        return [status]
    }
}
