package import TernRecords
package import TernReplication

/// What a comparison says about one version.
package struct VerificationFinding: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The status says that the destination has it, and it has not.
        case missing
        /// An attribute of the replica is older than the one that was replicated, or another one with its stamp.
        case metadata
        /// Another version is there under the ID.
        case content
        /// The status says PENDING, and no task is there that would ever change that.
        case withoutTask
        /// A replica whose source is gone: deleted by its version ID, which does not replicate, or expired.
        case extra
        /// An attribute of the replica was changed at the destination, and no rule brings it back.
        case changedAtDestination
        /// The replica was deleted by its version ID: it is not made anew.
        case deletedAtDestination
        /// On its way.
        case pending
        /// Refused, for the reason that is given.
        case failed

        /// Whether this is what replication should not have left so.
        package var isDivergence: Bool {
            switch self {
            case .missing, .metadata, .content, .withoutTask: true
            case .extra, .changedAtDestination, .deletedAtDestination, .pending, .failed: false
            }
        }
    }

    /// What ``BucketVerification/Options/repairs`` did about it.
    package enum Repair: String, Sendable {
        /// There is a task for it again.
        case queued
        /// No enabled rule of this ID leads to the destination any more.
        case ruleIsGone
        /// It is not the same any more: settled, changed or deleted meanwhile.
        case overtaken
    }

    package var kind: Kind
    package var place: VersionPlace
    package var isDeleteMarker = false
    /// Empty for versions that the source does not have.
    package var ruleID = ""
    /// Those that differ.
    package var attributes: [VersionChange.Attribute] = []
    /// S3's failure reason, for ``Kind/failed``.
    package var reason = ""
    package var repair: Repair?

    package init(_ kind: Kind, at place: VersionPlace) {
        self.kind = kind
        self.place = place
    }
}

extension VerificationCounts {
    /// Versions that replication should not have left as they are.
    package var divergent: UInt64 { self.missing + self.metadata + self.content + self.withoutTask }

    package func count(of kind: VerificationFinding.Kind) -> UInt64 {
        switch kind {
        case .missing: self.missing
        case .metadata: self.metadata
        case .content: self.content
        case .withoutTask: self.withoutTask
        case .extra: self.extra
        case .changedAtDestination: self.changedAtDestination
        case .deletedAtDestination: self.deletedAtDestination
        case .pending: self.pending
        case .failed: self.failed
        }
    }

    mutating func add(_ kind: VerificationFinding.Kind) {
        switch kind {
        case .missing: self.missing += 1
        case .metadata: self.metadata += 1
        case .content: self.content += 1
        case .withoutTask: self.withoutTask += 1
        case .extra: self.extra += 1
        case .changedAtDestination: self.changedAtDestination += 1
        case .deletedAtDestination: self.deletedAtDestination += 1
        case .pending: self.pending += 1
        case .failed: self.failed += 1
        }
    }
}

/// A version of the source with the state that it has of one destination.
struct AdmittedVersion: Sendable {
    var version: ListedVersion
    var state: DestinationState

    /// `nil` for a version that no rule admitted for the destination.
    init?(_ version: ListedVersion, to destination: String) {
        guard let state = version.record.destinations.first(where: { $0.destinationBucket == destination }) else {
            return nil
        }
        self.version = version
        self.state = state
    }

    var place: VersionPlace { self.version.place }
    /// Whether the source's record alone says that there is something to tell.
    var isUnsettled: Bool { self.state.isPending || self.state.isFailed }

    func fingerprint(takesACL: Bool) -> VersionFingerprint {
        VersionFingerprint(
            self.version.record, at: self.place, includesACL: takesACL && !self.state.ownerOverride)
    }

    func finding(_ kind: VerificationFinding.Kind) -> VerificationFinding {
        var finding = VerificationFinding(kind, at: self.place)
        finding.isDeleteMarker = self.version.record.isDeleteMarker
        finding.ruleID = self.state.ruleID
        if kind == .failed { finding.reason = self.state.failureReason }
        return finding
    }

    /// What is to be told of a version whose replica has the same fingerprint; `nil` for nothing.
    var findingOfEqual: VerificationFinding? {
        if self.state.isFailed { return self.finding(.failed) }
        return self.state.isPending ? self.finding(.pending) : nil
    }

    /// Compares the version with what the destination says of its replica. The destination must have been asked after
    /// the version was read: what counted as delivered then must be there.
    func finding(comparedWith replica: VerifiedVersionRecord, takesACL: Bool) -> VerificationFinding? {
        switch replica.presence {
        case .deleted:
            return self.finding(.deletedAtDestination)
        case .absent, .UNRECOGNIZED:
            switch self.state.data {
            case .pending: return self.finding(.pending)
            case .failed: return self.finding(.failed)
            case .completed: return self.finding(.missing)
            // Only attributes were replicated there, of a version that came from elsewhere and is gone now.
            case .none, .UNRECOGNIZED: return self.finding(self.state.isFailed ? .failed : .deletedAtDestination)
            }
        case .present:
            return self.finding(comparedWith: VersionParts(replica), takesACL: takesACL)
        }
    }

    private func finding(comparedWith theirs: VersionParts, takesACL: Bool) -> VerificationFinding? {
        let ours = VersionParts(self.version.record)
        guard ours.content == theirs.content else { return self.finding(.content) }
        var behind: [VersionChange.Attribute] = []
        var ahead: [VersionChange.Attribute] = []
        for attribute in VersionChange.Attribute.allCases where ours[attribute] != theirs[attribute] {
            if attribute == .acl, !takesACL || self.state.ownerOverride { continue }
            if ours[attribute].stamp < theirs[attribute].stamp {
                ahead.append(attribute)
            } else if self.wasReplicated(attribute) {
                behind.append(attribute)
            }
        }
        if let finding = self.findingOfEqual { return finding }
        if !behind.isEmpty {
            var finding = self.finding(.metadata)
            finding.attributes = behind
            return finding
        }
        if !ahead.isEmpty {
            var finding = self.finding(.changedAtDestination)
            finding.attributes = ahead
            return finding
        }
        return nil
    }

    /// Whether the attribute as it is now was ever meant for the destination: set with the version itself, or by a change
    /// that a rule selected.
    private func wasReplicated(_ attribute: VersionChange.Attribute) -> Bool {
        let stamp = self.version.record.stamp(of: attribute)
        return stamp <= max(self.version.record.id.stamp, self.state[DestinationStatus.Component(attribute)].stamp)
    }
}

extension DestinationState {
    var isPending: Bool { self.contains(.pending) }
    var isFailed: Bool { self.contains(.failed) }
}
