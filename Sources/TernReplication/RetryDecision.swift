/// How an attempt to bring a task to its destination ended.
package enum DeliveryCause: Hashable, Sendable {
    /// The destination holds exactly what the task says, and has proved it.
    case delivered
    /// The destination held it already (P-21).
    case alreadyAtDestination
    /// S3's reason, found here or answered by the destination.
    case failure(ReplicationFailureReason)
    /// The source version was deleted while the task was waiting (T-20, I-13).
    case sourceVersionGone
    /// The source bucket is gone, and with it the configuration (I-14).
    case sourceBucketGone
    /// The bytes of the source do not have the checksum that they were stored with.
    case sourceBodyDamaged
    /// The source's storage could not be read.
    case sourceUnavailable
    /// No connection, or one that broke.
    case networkError
    case timeout
    /// A 5xx answer.
    case serverError
    /// 503 `SlowDown`, 429, or the peer's own wish to go slower.
    case throttled
    /// What arrived is not what was sent.
    case transferDamaged
    /// The destination's storage lost a race, or is being moved.
    case conflict
    /// The destination refused our stamp because our clock, or its own, is absurd.
    case clockRefused
    /// The destination does not accept the federation's credential.
    case peerAuthenticationFailed
    /// No endpoint is known for the destination's region.
    case peerUnknown
    /// An answer that makes no sense, such as from a gateway of another version.
    case protocolViolation
    /// This gateway is stopping.
    case shuttingDown
}

/// What becomes of a task after an attempt.
///
/// FAILED is for what the customer can mend: role, policies, keys, the destination's state. All else stays PENDING and
/// is tried again, however long it takes (spec rules T-08, U-05).
package enum RetryDecision: Hashable, Sendable {
    case done
    /// FAILED, for good (T-09).
    case refused(ReplicationFailureReason)
    /// PENDING, with a delay from ``RetrySchedule``.
    case retry
    /// The task has lost its object: `OperationNotTracked`.
    case cancelled

    /// Where a task comes from; Batch reports what live replication drops in silence (F-40).
    package enum TaskOrigin: Hashable, Sendable {
        case live
        case batch
    }

    /// The one table of causes.
    package init(_ cause: DeliveryCause, origin: TaskOrigin = .live) {
        switch cause {
        case .delivered, .alreadyAtDestination:
            self = .done
        case .failure(let reason):
            self = Self.decision(on: reason, origin: origin)
        case .sourceVersionGone:
            self = Self.decision(on: .srcVersionNotFound, origin: origin)
        case .sourceBucketGone:
            self = origin == .live ? .cancelled : .refused(.srcBucketNotFound)
        case .sourceBodyDamaged, .sourceUnavailable, .networkError, .timeout, .serverError, .throttled,
            .transferDamaged, .conflict,
            .clockRefused, .peerAuthenticationFailed, .peerUnknown, .protocolViolation, .shuttingDown:
            self = .retry
        }
    }

    private static func decision(on reason: ReplicationFailureReason, origin: TaskOrigin) -> RetryDecision {
        if origin == .batch { return .refused(reason) }
        if reason.isSourceGone { return .cancelled }
        // Only a replica that arrived can have been deleted there by its version ID (L-16): the live task, whose answer
        // was lost, has done its work, and must not bring the version back.
        if reason == .dstObjectHardDeleted { return .done }
        // "Nothing pending" is the end that a repeated live task wants.
        if reason == .srcReplicationNotPending { return .done }
        return .refused(reason)
    }
}

/// When a task is tried again: exponential back-off with full jitter, up to a ceiling, without an end.
///
/// Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
package struct RetrySchedule: Hashable, Sendable {
    /// The upper bound after the first attempt.
    package var base: Duration
    /// The upper bound ever.
    package var ceiling: Duration

    package init(base: Duration = .milliseconds(500), ceiling: Duration = .seconds(60)) {
        precondition(base > .zero && ceiling >= base)
        self.base = base
        self.ceiling = ceiling
    }

    /// The delay before the next attempt; it grows to the ceiling and never ends.
    ///
    /// With the default schedule the upper bounds are 0.5 s, 1 s, 2 s, 4 s … 32 s, 60 s, 60 s ….
    ///
    /// - Parameters:
    ///   - attempt: The attempt that just failed, counted from 1.
    ///   - jitter: In `0..<1`; the delay is this fraction of its upper bound. Clamped to that range.
    package func delay(afterAttempt attempt: Int, jitter: Double) -> Duration {
        // 2^30 half seconds are 17 years: enough doublings for any ceiling, too few to overflow.
        let doublings = min(max(attempt, 1) - 1, 30)
        let bound = min(self.ceiling, self.base * (1 << doublings))
        return bound * min(max(jitter, 0), 1)
    }
}
