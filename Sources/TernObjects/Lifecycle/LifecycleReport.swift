import TernLifecycle

/// What a run of lifecycle did.
package struct LifecycleReport: Sendable, Hashable {
    /// Versions and markers that were looked at.
    package var examined = 0
    /// Delete markers put on expired objects.
    package var deleteMarkers = 0
    /// Versions removed for good.
    package var removed = 0
    /// Delete markers removed with nothing left under them.
    package var expiredMarkers = 0
    package var transitions = 0
    package var abortedUploads = 0
    /// Due, but held by replication or Object Lock: tried again in the next run.
    package var held = 0
    /// Changed by somebody else between the decision and the commit: looked at again in the next run.
    package var overtaken = 0

    package init() {}

    package static func += (left: inout LifecycleReport, right: LifecycleReport) {
        left.examined += right.examined
        left.deleteMarkers += right.deleteMarkers
        left.removed += right.removed
        left.expiredMarkers += right.expiredMarkers
        left.transitions += right.transitions
        left.abortedUploads += right.abortedUploads
        left.held += right.held
        left.overtaken += right.overtaken
    }

    /// Whether anything was changed.
    package var hasChanges: Bool {
        self.deleteMarkers + self.removed + self.expiredMarkers + self.transitions + self.abortedUploads > 0
    }

    mutating func count(_ decision: LifecycleDecision, isDone: Bool) {
        guard isDone else {
            self.overtaken += 1
            return
        }
        switch decision.action {
        case .keep: break
        case .addDeleteMarker: self.deleteMarkers += 1
        case .transition: self.transitions += 1
        case .remove:
            if decision.reason == .expiredObjectDeleteMarker { self.expiredMarkers += 1 } else { self.removed += 1 }
        }
    }
}
