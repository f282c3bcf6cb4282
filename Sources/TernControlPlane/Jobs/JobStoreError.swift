package import TernBatch

/// A failure of ``JobStore``.
package enum JobStoreError: Error, Hashable, Sendable {
    /// The token has made another job (spec rule BR-CJ-5).
    case tokenReused
    /// The account has as many jobs that have not ended as it may have (TD-2).
    case tooManyJobs
    /// The status does not allow it (spec rule BR-US-1).
    case illegalTransition(JobState.IllegalTransition)
    /// The job has ended, and its priority is of no use any more (spec rule BR-US-2).
    case hasEnded
    /// What is stored cannot be understood.
    case damaged(String)
    /// The store failed; a change may have been made or not.
    case storage(String)
}
