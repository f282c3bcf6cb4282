/// `x-amz-replication-status` of a version.
///
/// Source: Amazon S3 User Guide, "Getting replication status information"; spec live-replication §3.
package enum ReplicationStatus: String, Hashable, Sendable, CaseIterable {
    case pending = "PENDING"
    case completed = "COMPLETED"
    case failed = "FAILED"
    case replica = "REPLICA"

    /// One status out of all states of all destinations: FAILED before PENDING before REPLICA before COMPLETED
    /// (spec rules T-06, T-07, T-10, T-11).
    ///
    /// - Parameters:
    ///   - states: The latest state of each destination and component.
    ///   - isReplica: Whether the version was written by replication. Only a metadata change on its way back makes it
    ///     anything else than REPLICA (T-11).
    /// - Returns: `nil` if no rule ever admitted the version (T-03).
    package static func aggregate(_ states: some Sequence<ComponentState>, isReplica: Bool) -> ReplicationStatus? {
        var isPending = false
        var isCompleted = false
        for state in states {
            switch state {
            case .failed: return .failed
            case .pending: isPending = true
            case .completed: isCompleted = true
            case .none: break
            }
        }
        if isPending { return .pending }
        if isReplica { return .replica }
        return isCompleted ? .completed : nil
    }
}

/// How one component of a version stands at one destination (spec §3.1).
package enum ComponentState: Hashable, Sendable, CaseIterable {
    /// Never admitted.
    case none
    case pending
    case completed
    case failed
}
