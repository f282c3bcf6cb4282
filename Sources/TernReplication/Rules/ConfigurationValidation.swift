package import TernCore

extension ReplicationConfigurationDraft {
    /// The most rules of a configuration (N-01).
    package static let maximumRuleCount = 1000

    /// Checks the syntax of `Role`: the first check of all (spec rules C-60, E-08, E-42).
    ///
    /// It stands alone because `iam:PassRole` and the source's versioning are checked between it and the rules.
    ///
    /// - Returns: The role's ARN.
    package func validatedRole() throws(ConfigurationProblem) -> String {
        guard let role = self.role else { throw .malformedXML }
        let parts = role.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, parts[2] == "iam", parts[3].isEmpty,
            AccountID(String(parts[4])) != nil
        else {
            throw .invalidArgument("Invalid Role specified in replication configuration", name: "Role", value: role)
        }
        guard parts[5].hasPrefix("role") else {
            throw .invalidArgument("The relative id should start with role", name: "Role", value: role)
        }
        guard parts[5].hasPrefix("role/"), parts[5].utf8.count > "role/".utf8.count else {
            throw .invalidArgument("Invalid Role specified in replication configuration", name: "Role", value: role)
        }
        return role
    }

    /// Checks everything that the document alone decides, in the order of spec rule C-60, rule by rule.
    ///
    /// What is left to the caller, in this order: `iam:PassRole` and the source's versioning after ``validatedRole()``,
    /// and each of ``ReplicationConfiguration/distinctDestinations`` after this.
    ///
    /// - Parameters:
    ///   - sourceBucket: The bucket that is configured, for E-06; `nil` leaves that check out.
    ///   - partition: The partition of the source's ARN, which destinations must share (E-40).
    ///   - makeRuleID: Makes a fresh, unique ID for a rule that has none.
    /// - Throws: The problem that S3 would report first.
    package func validated(
        sourceBucket: BucketName?,
        partition: String = "aws",
        makeRuleID: () -> String
    ) throws(ConfigurationProblem) -> ReplicationConfiguration {
        let role = try self.validatedRole()
        if self.rules.isEmpty { throw .malformedXML }
        if self.rules.count > Self.maximumRuleCount {
            throw .invalidRequest("Number of defined replication rules cannot exceed \(Self.maximumRuleCount)")
        }
        var context = RuleValidation(
            isV1: self.rules.contains { $0.filter == nil },
            sourceBucket: sourceBucket,
            partition: partition
        )
        var rules: [ReplicationRule] = []
        rules.reserveCapacity(self.rules.count)
        for draft in self.rules {
            rules.append(try context.validated(draft, makeRuleID: makeRuleID))
        }
        if context.isV1 { try Self.validateV1(rules) }
        return ReplicationConfiguration(role: role, rules: rules)
    }

    /// What V1 demands of the rules together: disjoint prefixes and one destination (C-25, E-15, E-16).
    private static func validateV1(_ rules: [ReplicationRule]) throws(ConfigurationProblem) {
        let prefixes = rules.map { $0.prefix ?? "" }
        // In byte order a prefix stands directly before those that begin with it, or before another such.
        let order = prefixes.indices.sorted { prefixes[$0].utf8.lexicographicallyPrecedes(prefixes[$1].utf8) }
        for (left, right) in zip(order, order.dropFirst()) where prefixes[right].utf8.starts(with: prefixes[left].utf8)
        {
            let first = prefixes[min(left, right)]
            let second = prefixes[max(left, right)]
            throw .invalidRequest("Found overlapping prefixes '\(first)' and '\(second)'")
        }
        if Set(rules.map(\.destination.bucket)).count > 1 {
            throw .invalidRequest("Number of distinct destination bucket ARNs cannot exceed 1")
        }
    }
}
