/// Why a policy that can be read is none of its bucket (POL-12, s3-api §12.3). The error is `MalformedPolicy`.
package enum BucketPolicyProblem: Error, Hashable, Sendable {
    case invalidAction
    case invalidResource
    case actionWithoutResource
    case conditionWithoutAction

    /// S3's text.
    package var text: String {
        switch self {
        case .invalidAction: "Policy has invalid action"
        case .invalidResource: "Policy has invalid resource"
        case .actionWithoutResource: "Action does not apply to any resource(s) in statement"
        case .conditionWithoutAction:
            "Conditions do not apply to combination of actions and resources in statement"
        }
    }
}

extension PolicyDocument {
    /// What S3 finds wrong with the policy as that of a bucket, in its first statement that has a fault; `nil` if nothing.
    package func problem(asPolicyOf bucket: String) -> BucketPolicyProblem? {
        self.problem(asPolicyOf: PolicyHolder(bucket: bucket))
    }

    /// The same, for the policy of an access point.
    ///
    /// - Parameter arn: The access point's; the objects that are reached through it stand behind `/object/`.
    package func problem(asPolicyOfAccessPoint arn: String) -> BucketPolicyProblem? {
        self.problem(asPolicyOf: PolicyHolder(accessPoint: arn))
    }

    private func problem(asPolicyOf holder: PolicyHolder) -> BucketPolicyProblem? {
        for statement in self.statements {
            if let problem = statement.problem(asPolicyOf: holder) { return problem }
        }
        return nil
    }
}

extension PolicyDocument.Statement {
    fileprivate func problem(asPolicyOf holder: PolicyHolder) -> BucketPolicyProblem? {
        var named: [[S3Actions.Action]] = []
        for text in self.actions.values {
            let actions = S3Actions.matching(ActionPattern(text))
            if actions.isEmpty { return .invalidAction }
            named.append(actions)
        }
        var scope = BucketPolicyScope()
        for text in self.resources?.values ?? [] {
            guard let covered = BucketPolicyScope(resource: text, of: holder) else { return .invalidResource }
            scope.bucket = scope.bucket || covered.bucket
            scope.objects = scope.objects || covered.objects
        }
        // All but what is listed: nearly all actions, and resources of either level.
        if self.actions.isNegated { named = [S3Actions.all] }
        if self.resources?.isNegated ?? true { scope = BucketPolicyScope(bucket: true, objects: true) }
        named = named.map { actions in actions.filter { scope.covers($0.level) } }
        if named.contains(where: \.isEmpty) { return .actionWithoutResource }
        // Each text of `Action` needs an action that has the key: one without fails the statement.
        for key in Set(self.conditions.map(\.key)) {
            let isOfUse = named.allSatisfy { actions in
                actions.contains { S3ConditionKeys.applies(key, to: $0.name) }
            }
            if !isOfUse { return .conditionWithoutAction }
        }
        return nil
    }
}

/// What has a policy: how its own resource begins and ends, and what stands between it and the key of an object.
private struct PolicyHolder {
    /// What a text of `Resource` must begin with, as it is.
    var prefix: String
    var name: [UInt8]
    var separator: [UInt8]

    init(bucket: String) {
        self.prefix = "arn:aws:s3:::"
        self.name = Array(bucket.utf8)
        self.separator = Array("/".utf8)
    }

    init(accessPoint arn: String) {
        self.prefix = "arn:aws:s3::"
        self.name = Array(arn.utf8.dropFirst(self.prefix.utf8.count))
        self.separator = Array("/object/".utf8)
    }
}

/// What the resources of a statement reach of a bucket.
private struct BucketPolicyScope {
    var bucket = false
    var objects = false

    init(bucket: Bool = false, objects: Bool = false) {
        self.bucket = bucket
        self.objects = objects
    }

    /// `nil` for a text that stands for neither the bucket nor any object in it, whatever the variables.
    init?(resource text: String, of holder: PolicyHolder) {
        guard text.utf8.starts(with: holder.prefix.utf8) else { return nil }
        let pattern = Array(text.utf8.dropFirst(holder.prefix.utf8.count))
        self.bucket = Self.states(of: pattern, after: holder.name).contains(pattern.count)
        let within = Self.states(of: pattern, after: holder.name + holder.separator)
        // What is left of the pattern stands for keys; nothing left is no key, but is meant for them.
        self.objects = within.contains { $0 < pattern.count } || (!within.isEmpty && pattern.last == UInt8(ascii: "/"))
        if !self.bucket, !self.objects { return nil }
    }

    func covers(_ level: S3Actions.Level) -> Bool {
        switch level {
        case .bucket: self.bucket
        case .object: self.objects
        case .other: false
        }
    }

    /// How far into the pattern a text may have come: positions of elements of the pattern, its length being the end.
    ///
    /// Time is pattern times text, whatever the wildcards.
    private static func states(of pattern: [UInt8], after text: [UInt8]) -> Set<Int> {
        var states = [Bool](repeating: false, count: pattern.count + 1)
        func skipRuns() {
            for (index, element) in pattern.enumerated() where element == UInt8(ascii: "*") && states[index] {
                states[index + 1] = true
            }
        }
        states[0] = true
        skipRuns()
        for byte in text {
            var next = [Bool](repeating: false, count: pattern.count + 1)
            for (index, element) in pattern.enumerated() where states[index] {
                switch element {
                case UInt8(ascii: "*"): next[index] = true
                case UInt8(ascii: "?"), byte: next[index + 1] = true
                default: break
                }
            }
            states = next
            skipRuns()
        }
        return Set(states.indices.lazy.filter { states[$0] })
    }
}
