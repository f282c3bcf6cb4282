package import TernCore

/// What is to be done with a version now, by which rule, and why.
package struct LifecycleDecision: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case keep
        /// Removes the version or marker for good.
        case remove
        /// Puts a delete marker on the object; in a suspended bucket a null marker, which takes a null version's place.
        case addDeleteMarker
        case transition(StorageClass)
    }

    package enum Reason: Hashable, Sendable {
        /// No enabled rule has an action for it that is due.
        case nothingDue
        /// T-18
        case heldByReplication
        /// LC-7
        case heldByObjectLock
        case expiration
        case expiredObjectDeleteMarker
        case noncurrentVersionExpiration
        case transition
        case noncurrentVersionTransition
    }

    package var action: Action
    package var reason: Reason
    /// The rule that decided; `nil` for ``Action/keep``.
    package var ruleID: String?

    package init(_ action: Action, _ reason: Reason, ruleID: String? = nil) {
        self.action = action
        self.reason = reason
        self.ruleID = ruleID
    }
}

/// A time at which a rule will act, for the headers that announce it (LC-8).
package struct LifecycleNotice: Hashable, Sendable {
    package var time: Timestamp
    package var ruleID: String

    package init(time: Timestamp, ruleID: String) {
        self.time = time
        self.ruleID = ruleID
    }
}
