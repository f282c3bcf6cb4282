import TernCore

/// Decides what a change of a version makes replication do: a total function of the configuration and the change.
///
/// Three steps, as spec §1.3 has them. Each rule is asked whether it matches: enabled, prefix, tags, and the criteria on
/// encryption and replicas (C-50). Of the rules that match, the one with the highest priority wins each destination
/// (C-52). The winner then decides with its settings, which for a delete marker may still be "no" (C-55).
package enum ReplicationPlanner {
    /// - Parameters:
    ///   - configuration: The bucket's configuration; `nil` when it has none, which plans nothing.
    ///   - change: The change, as it is about to be committed.
    package static func plan(configuration: ReplicationConfiguration?, change: VersionChange) -> ReplicationPlan {
        guard let configuration else { return ReplicationPlan() }
        let obstacles = configuration.rules.map { self.obstacle(to: change, under: $0) }
        let winners = self.winners(among: configuration.rules, obstacles: obstacles)
        var plan = ReplicationPlan()
        plan.decisions.reserveCapacity(configuration.rules.count)
        for (index, rule) in configuration.rules.enumerated() {
            let bucket = rule.destination.bucket
            let verdict: RuleDecision.Verdict
            if let obstacle = obstacles[index] {
                verdict = .skip(obstacle)
            } else if let winner = winners[bucket], winner != index {
                verdict = .skip(.supersededByPriority(ruleID: configuration.rules[winner].id))
            } else if let refusal = self.refusal(of: change, by: rule) {
                verdict = .skip(refusal)
            } else {
                verdict = .replicate
                plan.tasks.append(self.task(for: change, under: rule, role: configuration.role))
            }
            plan.decisions.append(RuleDecision(ruleID: rule.id, destinationBucket: bucket, verdict: verdict))
        }
        return plan
    }

    /// Calls `body` with the index of each rule that replicates the change, in document order: what ``plan(configuration:change:)``
    /// decides, without the reasons. It stands in the way of every write.
    ///
    /// - Parameter destinationsDiffer: Whether each rule has a destination bucket of its own, so that none can win over
    ///   another.
    package static func forEachReplicatingRule(
        of configuration: ReplicationConfiguration, change: VersionChange, destinationsDiffer: Bool = false,
        _ body: (Int) -> Void
    ) {
        let rules = configuration.rules
        let winners =
            rules.count == 1 || destinationsDiffer
            ? nil : self.winners(among: rules, obstacles: rules.map { self.obstacle(to: change, under: $0) })
        // By index: a rule is a large struct to copy.
        for index in rules.indices {
            let matches =
                if let winners { winners[rules[index].destination.bucket] == index } else {
                    self.obstacle(to: change, under: rules[index]) == nil
                }
            if matches, self.refusal(of: change, by: rules[index]) == nil { body(index) }
        }
    }

    /// The index of the matching rule of the highest priority, for each destination.
    private static func winners(among rules: [ReplicationRule], obstacles: [SkipReason?]) -> [BucketName: Int] {
        var winners: [BucketName: Int] = [:]
        for (index, rule) in rules.enumerated() where obstacles[index] == nil {
            // V1 rules have no priority; their prefixes are disjoint, so that at most one matches (C-25).
            if let best = winners[rule.destination.bucket], rules[best].priority ?? 0 >= rule.priority ?? 0 { continue }
            winners[rule.destination.bucket] = index
        }
        return winners
    }

    /// Why the rule does not match, or `nil` if it does. What holds for every rule comes before what the rule adds.
    private static func obstacle(to change: VersionChange, under rule: ReplicationRule) -> SkipReason? {
        if let reason = self.ineligibility(of: change) { return reason }
        if !rule.isEnabled { return .ruleDisabled }
        let filter = rule.effectiveFilter
        if !filter.admits(key: change.key) { return .outsidePrefix }
        switch change.kind {
        case .deleteMarkerCreated, .existing(.deleteMarker):
            return filter.tags.isEmpty ? nil : .deleteMarkerUnderTagFilter
        case .created, .existing(.object):
            if !filter.admits(tags: change.tags) { return .tagsDoNotMatch }
            return self.isAdmittedByEncryption(change, under: rule) ? nil : .kmsWithoutOptIn
        case .attributeChanged:
            if !filter.admits(tags: change.tags) { return .tagsDoNotMatch }
            if !self.isAdmittedByEncryption(change, under: rule) { return .kmsWithoutOptIn }
            if change.isReplica, rule.sourceSelectionCriteria?.replicaModifications != true {
                return .replicaModificationsDisabled
            }
            return nil
        }
    }

    private static func isAdmittedByEncryption(_ change: VersionChange, under rule: ReplicationRule) -> Bool {
        !change.encryption.needsOptIn || rule.sourceSelectionCriteria?.sseKmsEncryptedObjects == true
    }

    /// What no rule can make eligible (spec §2.1, §2.2, L-73).
    private static func ineligibility(of change: VersionChange) -> SkipReason? {
        switch change.kind {
        case .created(let origin), .deleteMarkerCreated(let origin):
            if change.isReplica { return .isReplica }
            if let reason = self.ineligibility(of: origin) { return reason }
            if change.isNullVersion { return .nullVersion }
            if case .created = change.kind, change.storageClass.isArchive {
                return .archivedStorageClass(change.storageClass)
            }
            return nil
        case .attributeChanged(_, let origin, _):
            return self.ineligibility(of: origin)
        case .existing(.object):
            // Neither a status nor being a replica or a null version is in the way of a job.
            return change.storageClass.isArchive ? .archivedStorageClass(change.storageClass) : nil
        case .existing(.deleteMarker(let madeByLifecycle)):
            return madeByLifecycle ? .madeByLifecycle : nil
        }
    }

    private static func ineligibility(of origin: VersionChange.Origin) -> SkipReason? {
        switch origin {
        case .client: nil
        case .replication: .writtenByReplication
        case .lifecycle: .madeByLifecycle
        }
    }

    /// Why the rule that won its destination still does not replicate the change, or `nil`.
    private static func refusal(of change: VersionChange, by rule: ReplicationRule) -> SkipReason? {
        switch change.kind {
        case .created, .existing(.object):
            return nil
        case .deleteMarkerCreated, .existing(.deleteMarker):
            return rule.replicatesDeleteMarkers ? nil : .deleteMarkerReplicationDisabled
        case .attributeChanged(let attribute, _, let admittedDestinations):
            let admitted = admittedDestinations.first { $0.bucket == rule.destination.bucket }
            // A replica came from the other side, so that nothing has admitted it here (L-71).
            if admitted == nil, !change.isReplica { return .neverAdmitted }
            // The override fixes the replica's ACL for good, even after the rule drops it. A replica that was made
            // before the override came keeps following (L-60), except where the change flows back to its source (L-75).
            if attribute == .acl, admitted?.hadOwnerOverride ?? rule.destination.ownerOverride {
                return .ownerOverridden
            }
            return nil
        }
    }

    private static func task(for change: VersionChange, under rule: ReplicationRule, role: String) -> PlannedTask {
        let kind = self.taskKind(for: change.kind)
        // Replication time makes no promise for what jobs bring (batch-replication §6.4).
        let isOfJob = if case .existing = change.kind { true } else { false }
        return PlannedTask(
            kind: kind,
            ruleID: rule.id,
            destinationBucket: rule.destination.bucket,
            role: role,
            storageClass: rule.destination.storageClass,
            ownerOverride: rule.destination.ownerOverride,
            account: rule.destination.account,
            replicaKMSKeyID: rule.destination.replicaKMSKeyID,
            rtc: rule.hasReplicationTimeControl && kind != .deleteMarker && !isOfJob,
            metrics: rule.hasMetrics
        )
    }

    private static func taskKind(for kind: VersionChange.Kind) -> PlannedTask.Kind {
        switch kind {
        case .created, .existing(.object): .object
        case .deleteMarkerCreated, .existing(.deleteMarker): .deleteMarker
        case .attributeChanged(.tags, _, _): .tags
        case .attributeChanged(.acl, _, _): .acl
        case .attributeChanged(.retention, _, _): .retention
        case .attributeChanged(.legalHold, _, _): .legalHold
        }
    }
}
