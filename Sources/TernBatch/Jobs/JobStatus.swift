/// The statuses of a job of S3 Batch Operations.
///
/// Source: Amazon S3 API Reference, "JobDescriptor"; batch-replication §4.1, §4.2.
package enum JobStatus: String, Hashable, Sendable, CaseIterable {
    case new = "New"
    case preparing = "Preparing"
    /// Prepared, and waiting for somebody to confirm it.
    case suspended = "Suspended"
    /// Prepared, and waiting for its turn.
    case ready = "Ready"
    case active = "Active"
    /// A more urgent job needs the place; tasks under way are being finished.
    case pausing = "Pausing"
    case paused = "Paused"
    /// All tasks are done, and the completion report is being written.
    case completing = "Completing"
    case complete = "Complete"
    case cancelling = "Cancelling"
    case cancelled = "Cancelled"
    case failing = "Failing"
    case failed = "Failed"

    /// Whether nothing follows (spec rule BR-ST-1).
    package var isTerminal: Bool {
        switch self {
        case .complete, .cancelled, .failed: true
        default: false
        }
    }

    /// Whether the job has a place among those that run, or waits for one.
    package var isSchedulable: Bool {
        switch self {
        case .ready, .active, .pausing, .paused: true
        default: false
        }
    }

    /// The statuses that may follow directly; clients never see another edge (spec rule BR-ST-1).
    package var successors: Set<JobStatus> {
        switch self {
        case .new: [.preparing, .cancelling]
        case .preparing: [.suspended, .ready, .failing, .cancelling]
        case .suspended: [.ready, .failed, .cancelled]
        case .ready: [.active, .cancelling, .cancelled]
        case .active: [.completing, .pausing, .failing, .cancelling]
        case .pausing: [.paused, .cancelling]
        case .paused: [.active, .cancelling, .cancelled]
        case .completing: [.complete, .failing, .cancelling]
        case .cancelling: [.cancelled]
        case .failing: [.failed]
        case .complete, .cancelled, .failed: []
        }
    }
}
