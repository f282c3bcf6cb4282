/// What kind of policy decided.
package enum PolicyKind: String, Hashable, Sendable {
    case identity
    case boundary
    case session
    /// Of a bucket, key or queue.
    case resource
    case trust
}

/// The statement that decided.
package struct DecidingStatement: Hashable, Sendable {
    package var kind: PolicyKind
    /// The policy's name or ARN.
    package var policy: String
    /// Its `Sid` or place.
    package var statement: String

    package init(kind: PolicyKind, policy: String, statement: String) {
        self.kind = kind
        self.policy = policy
        self.statement = statement
    }
}

/// Why a request is allowed.
package enum AllowReason: Hashable, Sendable {
    /// The root of the account that owns the resource (ACC-4).
    case root
    case identity(DecidingStatement)
    case resource(DecidingStatement)
    /// Cross-account: both sides.
    case both(identity: DecidingStatement?, resource: DecidingStatement?)
    case accessControlList
}

/// Why a request is denied; `denialText` has S3's words for it.
package enum DenyReason: Hashable, Sendable {
    case explicit(DecidingStatement)
    /// No policy of this kind allows it.
    case notAllowed(PolicyKind)
    /// The policy is public, and RestrictPublicBuckets keeps others out.
    case restrictedPublicBucket
}

/// A decision that explains itself (EVL-6).
package enum PolicyDecision: Hashable, Sendable {
    case allowed(AllowReason)
    case denied(DenyReason)

    package var isAllowed: Bool {
        switch self {
        case .allowed: true
        case .denied: false
        }
    }
}

extension DenyReason {
    /// The end of the sentence that an `AccessDenied` error has (specification §6.6).
    ///
    /// - Parameter action: As the request has it, for example `s3:GetObject`.
    package func denialText(action: String) -> String {
        switch self {
        case .explicit(let statement):
            switch statement.kind {
            case .identity: "with an explicit deny in an identity-based policy"
            case .boundary: "with an explicit deny in a permissions boundary"
            case .session: "with an explicit deny in a session policy"
            case .resource: "with an explicit deny in a resource-based policy"
            case .trust: "with an explicit deny in the role trust policy"
            }
        case .notAllowed(let kind):
            switch kind {
            case .identity: "because no identity-based policy allows the \(action) action"
            case .boundary: "because no permissions boundary allows the \(action) action"
            case .session: "because no session policy allows the \(action) action"
            case .resource: "because no resource-based policy allows the \(action) action"
            case .trust: "because no role trust policy allows the \(action) action"
            }
        case .restrictedPublicBucket:
            "because public policies are blocked by the RestrictPublicBuckets setting in S3 Block Public Access."
        }
    }
}
