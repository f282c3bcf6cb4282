package import TernCore

/// Decides what lifecycle does with versions and uploads. A total function of its arguments: it knows no clock and
/// touches nothing.
///
/// Source: Amazon S3 User Guide, "Lifecycle and other bucket configurations" and "Lifecycle configuration elements"; spec
/// rules LC-1 to LC-6.
package struct LifecycleEvaluator: Hashable, Sendable {
    package var configuration: LifecycleConfiguration
    package var calendar: LifecycleCalendar

    package init(_ configuration: LifecycleConfiguration, calendar: LifecycleCalendar = LifecycleCalendar()) {
        self.configuration = configuration
        self.calendar = calendar
    }

    /// What to do with a version now. Permanent removal goes before transition, transition before a delete marker (LC-2).
    package func decide(
        _ version: LifecycleVersion, versioning: LifecycleVersioning, now: Timestamp
    ) -> LifecycleDecision {
        let removal = self.removal(of: version, versioning: versioning, now: now)
        let transition = self.transition(of: version, now: now)
        let marker = versioning == .never ? nil : self.markerOn(version, now: now)
        guard removal != nil || transition != nil || marker != nil else {
            return LifecycleDecision(.keep, .nothingDue)
        }
        if version.isHeldByReplication { return LifecycleDecision(.keep, .heldByReplication) }
        if let removal, !version.isLocked { return removal }
        return transition ?? marker ?? LifecycleDecision(.keep, .heldByObjectLock)
    }

    /// When the current version of an object expires, and by which rule: the earliest of all that match (LC-2, LC-8).
    package func expiration(of version: LifecycleVersion) -> LifecycleNotice? {
        if version.isDeleteMarker { return nil }
        return self.earliest { rule in
            guard let time = rule.expirationTime, self.selects(rule, version) else { return nil }
            return self.calendar.due(time, created: version.created)
        }
    }

    /// When an upload that nobody completes is aborted, and by which rule.
    package func abort(ofUploadTo key: ObjectKey, initiated: Timestamp) -> LifecycleNotice? {
        self.earliest { rule in
            guard let days = rule.abortDaysAfterInitiation, rule.selection.admits(key: key) else { return nil }
            return self.calendar.due(initiated, days: days)
        }
    }

    /// The enabled rule whose time comes first; of several, the first of the document.
    private func earliest(_ time: (LifecycleRule) -> Timestamp?) -> LifecycleNotice? {
        var first: LifecycleNotice?
        for rule in self.configuration.rules where rule.isEnabled {
            guard let due = time(rule) else { continue }
            if let known = first, known.time <= due { continue }
            first = LifecycleNotice(time: due, ruleID: rule.id)
        }
        return first
    }

    /// A delete marker has neither tags nor a size, so that only prefixes select it.
    private func selects(_ rule: LifecycleRule, _ version: LifecycleVersion) -> Bool {
        let selection = rule.selection
        guard selection.admits(key: version.key) else { return false }
        if version.isDeleteMarker { return selection.tags.isEmpty && !selection.hasSize }
        return selection.admits(tags: version.tags) && selection.admits(byteCount: version.byteCount)
    }

    // MARK: Removing

    private func removal(
        of version: LifecycleVersion, versioning: LifecycleVersioning, now: Timestamp
    ) -> LifecycleDecision? {
        switch version.position {
        case .noncurrent(let since, let newer):
            for rule in self.configuration.rules where rule.isEnabled && self.selects(rule, version) {
                // LC-6: as many noncurrent versions are retained as the rule says, the newest ones.
                guard let expiration = rule.noncurrentExpiration, newer >= expiration.newerNoncurrentVersions ?? 0,
                    self.calendar.due(since, days: expiration.noncurrentDays) <= now
                else { continue }
                return LifecycleDecision(.remove, .noncurrentVersionExpiration, ruleID: rule.id)
            }
            return nil
        case .current(let isOnlyVersion):
            if version.isDeleteMarker {
                return isOnlyVersion ? self.removalOfExpiredMarker(version, now: now) : nil
            }
            guard versioning == .never, let notice = self.expiration(of: version), notice.time <= now else {
                return nil
            }
            return LifecycleDecision(.remove, .expiration, ruleID: notice.ruleID)
        }
    }

    /// LC-5: a marker under which nothing is left, by `ExpiredObjectDeleteMarker` at once, by `Days` at its age.
    private func removalOfExpiredMarker(_ marker: LifecycleVersion, now: Timestamp) -> LifecycleDecision? {
        for rule in self.configuration.rules where rule.isEnabled && self.selects(rule, marker) {
            switch rule.expiration {
            case .expiredObjectDeleteMarker(true)?:
                break
            case .at(.days(let days))?:
                if self.calendar.due(marker.created, days: days) > now { continue }
            case .expiredObjectDeleteMarker(false)?, .at(.date)?, nil:
                continue
            }
            return LifecycleDecision(.remove, .expiredObjectDeleteMarker, ruleID: rule.id)
        }
        return nil
    }

    private func markerOn(_ version: LifecycleVersion, now: Timestamp) -> LifecycleDecision? {
        guard case .current = version.position, let notice = self.expiration(of: version), notice.time <= now else {
            return nil
        }
        return LifecycleDecision(.addDeleteMarker, .expiration, ruleID: notice.ruleID)
    }

    // MARK: Transitions

    /// The coldest of the classes whose time has come and which the version may go to (LC-2, LC-3, LC-4).
    private func transition(of version: LifecycleVersion, now: Timestamp) -> LifecycleDecision? {
        // A copy that was asked for is not taken away with its archive.
        if version.isDeleteMarker || version.isRestored { return nil }
        var best: (target: StorageClass, decision: LifecycleDecision)?
        for rule in self.configuration.rules where rule.isEnabled && self.selects(rule, version) {
            for (target, reason) in self.dueTransitions(of: rule, version, now: now) {
                guard version.storageClass.lifecycleTargets.contains(target),
                    self.configuration.admits(byteCount: version.byteCount, to: target, by: rule)
                else { continue }
                if let known = best, known.target.coldness >= target.coldness { continue }
                best = (target, LifecycleDecision(.transition(target), reason, ruleID: rule.id))
            }
        }
        return best?.decision
    }

    private func dueTransitions(
        of rule: LifecycleRule, _ version: LifecycleVersion, now: Timestamp
    ) -> [(StorageClass, LifecycleDecision.Reason)] {
        switch version.position {
        case .current:
            return rule.transitions
                .filter { self.calendar.due($0.time, created: version.created) <= now }
                .map { ($0.storageClass, .transition) }
        case .noncurrent(let since, let newer):
            return rule.noncurrentTransitions
                .filter {
                    newer >= $0.newerNoncurrentVersions ?? 0
                        && self.calendar.due(since, days: $0.noncurrentDays) <= now
                }
                .map { ($0.storageClass, .noncurrentVersionTransition) }
        }
    }
}
