import TernCore

extension LifecycleConfiguration {
    /// Checks what the shape of the document does not say, and gives an ID to rules that came without one.
    ///
    /// Source: spec s3-api §11.3.
    package static func validated(
        _ rules: [LifecycleRule],
        minimumSize: TransitionMinimumSize,
        makeRuleID: () -> String
    ) throws(LifecycleProblem) -> LifecycleConfiguration {
        var ids: Set<[UInt8]> = []
        var result = LifecycleConfiguration(rules: rules, minimumSize: minimumSize)
        for index in result.rules.indices {
            if result.rules[index].id.isEmpty { result.rules[index].id = makeRuleID() }
            let id = Array(result.rules[index].id.utf8)
            if id.count > Self.maximumIDByteCount { throw .idTooLong }
            guard ids.insert(id).inserted else { throw .idRepeated }
        }
        for rule in result.rules { try rule.validate() }
        return result
    }
}

extension LifecycleRule {
    fileprivate func validate() throws(LifecycleProblem) {
        try self.validateFilter()
        guard self.hasAction else { throw .noAction }
        try self.validateExpiration()
        for transition in self.transitions { try transition.validate() }
        try self.validateOrder()
        try self.validateNoncurrent()
        if let days = self.abortDaysAfterInitiation, days <= 0 { throw .abortDaysNotPositive }
    }

    private func validateFilter() throws(LifecycleProblem) {
        let selection = self.selection
        var keys: Set<[UInt8]> = []
        for tag in selection.tags where !keys.insert(Array(tag.key.utf8)).inserted { throw .duplicateTagKeys }
        var actions: [String] = []
        if self.abortDaysAfterInitiation != nil { actions.append("AbortIncompleteMultipartUpload") }
        if case .expiredObjectDeleteMarker? = self.expiration { actions.append("ExpiredObjectDeleteMarker") }
        for action in actions {
            if !selection.tags.isEmpty { throw .notWithFilter(action, "Tags") }
            if selection.hasSize { throw .notWithFilter(action, "ObjectSize") }
        }
    }

    private func validateExpiration() throws(LifecycleProblem) {
        switch self.expirationTime {
        case .days(let days): if days <= 0 { throw .expirationDaysNotPositive }
        case .date(let date): try date.requireMidnight()
        case nil: break
        }
    }

    /// Expiration and transitions of one rule count in one way, and end with the expiration.
    private func validateOrder() throws(LifecycleProblem) {
        let prefix = self.selection.prefix ?? ""
        let times = self.transitions.map(\.time) + (self.expirationTime.map { [$0] } ?? [])
        let dates = times.count { if case .date = $0 { true } else { false } }
        if dates > 0, dates < times.count { throw .mixedDateAndDays(prefix: prefix) }
        guard let expiration = self.expirationTime else { return }
        for transition in self.transitions {
            switch (expiration, transition.time) {
            case (.days(let last), .days(let first)):
                if last <= first { throw .expirationNotAfterTransition("Days", prefix: prefix) }
            case (.date(let last), .date(let first)):
                if last <= first { throw .expirationNotAfterTransition("Date", prefix: prefix) }
            case (.days, .date), (.date, .days):
                break
            }
        }
    }

    private func validateNoncurrent() throws(LifecycleProblem) {
        if let expiration = self.noncurrentExpiration {
            if expiration.noncurrentDays <= 0 { throw .noncurrentDaysNotPositive }
            try self.validate(newer: expiration.newerNoncurrentVersions, of: "NoncurrentVersionExpiration")
        }
        for transition in self.noncurrentTransitions {
            if transition.noncurrentDays < 0 { throw .noncurrentTransitionDaysNegative }
            if transition.storageClass.needsThirtyDays, transition.noncurrentDays < 30 {
                throw .tooEarly("NoncurrentDays", "NoncurrentVersionTransition", transition.storageClass)
            }
            try self.validate(newer: transition.newerNoncurrentVersions, of: "NoncurrentVersionTransition")
        }
    }

    private func validate(newer count: Int?, of action: String) throws(LifecycleProblem) {
        guard let count else { return }
        if self.filter == nil { throw .newerVersionsWithoutFilter(action) }
        guard (1...100).contains(count) else { throw .newerVersionsOutOfRange(action) }
    }
}

extension LifecycleRule.Transition {
    fileprivate func validate() throws(LifecycleProblem) {
        switch self.time {
        case .days(let days):
            if days < 0 { throw .transitionDaysNegative }
            if self.storageClass.needsThirtyDays, days < 30 { throw .tooEarly("Days", "Transition", self.storageClass) }
        case .date(let date):
            try date.requireMidnight()
        }
    }
}

extension StorageClass {
    fileprivate var needsThirtyDays: Bool { self == .standardIA || self == .onezoneIA }
}

extension Timestamp {
    fileprivate func requireMidnight() throws(LifecycleProblem) {
        if self.milliseconds % 86_400_000 != 0 { throw .dateNotAtMidnight(self.iso8601) }
    }
}
