package import TernS3Protocol

/// Decides what a principal may do, and says which statement decides (EVL-6).
package protocol PolicySimulator: Sendable {
    /// - Throws: `NoSuchEntity` for a principal that is not known, `NoSuchBucket` or `NotFoundException` for a resource
    ///   that is not in this region, `InvalidInput`.
    func decide(_ question: SimulationQuestion) async throws(S3Error) -> SimulatedDecision
}

/// Whether a principal may perform an action on a resource.
package struct SimulationQuestion: Hashable, Sendable {
    /// The ARN of a user, role or account; an account's number; a service's name; or `anonymous`.
    package var principal: String
    /// For example `s3:GetObject`.
    package var action: String
    /// An ARN, or `*`.
    package var resource: String
    /// Condition keys and their values.
    package var context: [String: [String]]
    /// A session policy, as JSON.
    package var sessionPolicy: String?

    package init(
        principal: String, action: String, resource: String, context: [String: [String]] = [:],
        sessionPolicy: String? = nil
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.context = context
        self.sessionPolicy = sessionPolicy
    }
}

/// A decision, and what made it.
package struct SimulatedDecision: Hashable, Sendable {
    /// As IAM's simulator calls it.
    package enum Outcome: String, Hashable, Sendable {
        case allowed
        case explicitDeny
        case implicitDeny
    }

    /// A statement of a policy.
    package struct Statement: Hashable, Sendable {
        /// `identity`, `boundary`, `session`, `resource` or `trust`.
        package var kind: String
        package var policy: String
        package var statement: String

        package init(kind: String, policy: String, statement: String) {
            self.kind = kind
            self.policy = policy
            self.statement = statement
        }
    }

    package var outcome: Outcome
    /// A sentence for people.
    package var reason: String
    package var statements: [Statement]

    package init(outcome: Outcome, reason: String, statements: [Statement] = []) {
        self.outcome = outcome
        self.reason = reason
        self.statements = statements
    }
}
