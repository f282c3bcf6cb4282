package import TernCore
package import TernRecords
package import TernS3Protocol

extension VersionRecord {
    /// Whether Object Lock keeps the version from being deleted at this time: a legal hold, or a retention that has not
    /// run out (spec rule LCK-8). Delete markers are never protected.
    ///
    /// Whoever deletes versions asks this of the record that its commit requires, so that no lock comes in between.
    ///
    /// - Parameter bypassingGovernance: Whether the deletion goes past a retention in governance mode, which only the
    ///   request of a client who may does (LCK-9).
    package func isProtected(at now: Timestamp, bypassingGovernance: Bool = false) -> Bool {
        if self.isDeleteMarker { return false }
        if self.legalHold == .on { return true }
        guard let retention, retention.isInForce(at: now) else { return false }
        return !(bypassingGovernance && retention.mode == .governance)
    }

    /// The retention, also one that has run out; `nil` where none is set.
    package var retention: Retention? {
        get {
            if self.retentionMode.isEmpty { return nil }
            // A mode that is not known here is taken for the stricter one.
            return Retention(
                mode: RetentionMode(rawValue: self.retentionMode) ?? .compliance,
                until: Timestamp(milliseconds: self.retainUntilMs))
        }
        set {
            self.retentionMode = newValue?.mode.rawValue ?? ""
            self.retainUntilMs = newValue?.until.milliseconds ?? 0
        }
    }

    /// Whether somebody set a retention or legal hold on it, so that its destination needs Object Lock (spec rule F-04).
    /// What a bucket gives to replicas by default does not count.
    var needsObjectLock: Bool {
        (!self.retentionMode.isEmpty && self.retentionStamp != 0) || self.legalHold != .unset
    }
}
