package import TernCore

/// How a lane does, for people.
package struct LaneReport: Sendable, Hashable {
    /// `idle`, `running`, `backing off` or `probing`.
    package var state: String
    /// What the destination, or the way to it, failed with last; empty while it is well.
    package var lastError: String
    /// When it is tried again; `nil` unless the lane is backing off.
    package var nextAttempt: Timestamp?

    package init(state: String, lastError: String = "", nextAttempt: Timestamp? = nil) {
        self.state = state
        self.lastError = lastError
        self.nextAttempt = nextAttempt
    }
}

/// Knows how the lanes do.
package protocol LaneMonitor: Sendable {
    /// `nil` for a lane that never had work in this process.
    func report(on lane: LaneID) -> LaneReport?
}
