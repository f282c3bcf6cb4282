package import TernCore

/// How one destination stands for one version: each component on its own, so that a later success of the tags does not
/// hide that the data failed (spec rule T-13).
package struct DestinationStatus: Hashable, Sendable {
    /// What is replicated as a unit.
    package enum Component: Hashable, Sendable, CaseIterable {
        /// The object with all that it was created with, or the delete marker itself.
        case data
        case tags
        case acl
        case retention
        case legalHold

        package init(_ kind: PlannedTask.Kind) {
            switch kind {
            case .object, .deleteMarker: self = .data
            case .tags: self = .tags
            case .acl: self = .acl
            case .retention: self = .retention
            case .legalHold: self = .legalHold
            }
        }
    }

    package var destinationBucket: BucketName
    package var ruleID: String
    private var states: [Component: ComponentState] = [:]
    /// Why the component that failed last did.
    package private(set) var failureReason: ReplicationFailureReason?

    package init(destinationBucket: BucketName, ruleID: String) {
        self.destinationBucket = destinationBucket
        self.ruleID = ruleID
    }

    package subscript(component: Component) -> ComponentState {
        self.states[component] ?? .none
    }

    package var componentStates: [ComponentState] { Array(self.states.values) }

    /// Whether any component was ever admitted: what metadata changes are measured against (L-50).
    package var isAdmitted: Bool { !self.states.isEmpty }

    /// A task for the component was committed: PENDING, whatever it was before (T-05, T-12, T-14).
    package mutating func admit(_ component: Component) {
        self.states[component] = .pending
    }

    /// An attempt at the component ended.
    ///
    /// - Returns: Whether anything changed. A retry leaves PENDING; a cancelled task leaves with its version, and until
    ///   that is gone as well, nothing waits for it any more.
    @discardableResult
    package mutating func settle(_ component: Component, _ decision: RetryDecision) -> Bool {
        let before = self
        switch decision {
        case .done:
            self.states[component] = .completed
        case .refused(let reason):
            self.states[component] = .failed
            self.failureReason = reason
        case .cancelled:
            self.states[component] = nil
        case .retry:
            break
        }
        if !self.states.values.contains(.failed) { self.failureReason = nil }
        return self != before
    }
}

extension ReplicationStatus {
    /// The status of a version out of the status of each of its destinations.
    package static func aggregate(_ destinations: some Sequence<DestinationStatus>, isReplica: Bool)
        -> ReplicationStatus?
    {
        self.aggregate(destinations.flatMap(\.componentStates), isReplica: isReplica)
    }
}
