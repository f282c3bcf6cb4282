import TernCore
import TernPolicy
import Testing

/// What policies mean, as the specification and AWS's guides say it: policies, a request, and what comes of it.
///
/// The other files of this name have the rows.
@Suite struct EvaluationTable {
    enum Outcome: Sendable {
        case allowed
        /// By a statement.
        case denied
        /// Nothing allows it.
        case notAllowed
    }

    /// Values of a condition key: a text or a list of texts.
    struct Values: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
        var texts: [String]

        init(stringLiteral text: String) { self.texts = [text] }
        init(arrayLiteral texts: String...) { self.texts = texts }
    }

    typealias Context = [String: Values]

    struct Ask: Sendable {
        var caller: PolicyCaller
        var action: String
        var resource: String
        var owner: AccountID?
        var context: Context
        var outcome: Outcome
    }

    /// Policies and what is asked of them.
    struct Example: Sendable {
        /// With the ID of the rule, or the guide that has the policy.
        var name: String
        /// Statements of the policies of the caller, its boundary and so on; `{…}` or several with commas.
        var identity: String?
        var boundary: String?
        var session: String?
        /// Of the bucket, key or role.
        var resource: String?
        var role = PolicyEvaluation.ResourcePolicyRole.optional
        var version = "2012-10-17"
        var isRestricted = false
        var asks: [Ask]
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var example: Example
        var ask: Ask
        var testDescription: String {
            "\(self.example.name): \(self.ask.caller.kind) \(self.ask.action) \(self.ask.resource) "
                + "\(self.ask.context.mapValues(\.texts)) \(self.ask.outcome)"
        }
    }

    // MARK: Who asks

    static let own = AccountID(trusted: "111122223333")
    static let other = AccountID(trusted: "444455556666")
    static let canonicalID = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
    static let otherCanonicalID = String(repeating: "b", count: 64)

    static let root = PolicyCaller(kind: .root, account: own, canonicalID: canonicalID)
    static let ann = user("ann", "AIDAANNAAAAAAAAAAAAAA", own)
    static let bob = user("bob", "AIDABOBAAAAAAAAAAAAAA", own)
    static let role = session("reader", "s1", "AROAREADERAAAAAAAAAAA", own)
    static let federated = PolicyCaller(
        kind: .federatedUser(arn: "arn:aws:sts::111122223333:federated-user/fred"), account: own,
        canonicalID: canonicalID)
    static let otherRoot = PolicyCaller(kind: .root, account: other, canonicalID: otherCanonicalID)
    static let otherUser = user("dave", "AIDADAVEAAAAAAAAAAAAA", other)
    static let otherRole = session("writer", "s2", "AROAWRITERAAAAAAAAAAA", other)
    static let anonymous = PolicyCaller.anonymous

    static func user(_ name: String, _ id: String, _ account: AccountID) -> PolicyCaller {
        PolicyCaller(
            kind: .user(arn: "arn:aws:iam::\(account):user/\(name)", uniqueID: id), account: account,
            canonicalID: account == self.own ? self.canonicalID : self.otherCanonicalID)
    }

    static func session(_ role: String, _ session: String, _ id: String, _ account: AccountID) -> PolicyCaller {
        PolicyCaller(
            kind: .roleSession(
                roleARN: "arn:aws:iam::\(account):role/\(role)", uniqueID: id,
                sessionARN: "arn:aws:sts::\(account):assumed-role/\(role)/\(session)"), account: account,
            canonicalID: account == self.own ? self.canonicalID : self.otherCanonicalID)
    }

    static func service(_ name: String) -> PolicyCaller { .service("\(name).amazonaws.com") }

    /// - Parameter resource: What follows `arn:aws:s3:::`, or an ARN, or `*`.
    static func ask(
        _ caller: PolicyCaller, _ action: String, _ resource: String, _ outcome: Outcome, _ context: Context = [:],
        of owner: AccountID? = own
    ) -> Ask {
        Ask(
            caller: caller, action: action,
            resource: resource.hasPrefix("arn:") || resource == "*" ? resource : "arn:aws:s3:::\(resource)",
            owner: owner, context: context, outcome: outcome)
    }

    // MARK: Rows

    static let examples: [Example] =
        grammar + conditions + variables + algorithm + bucketPolicies + moreBucketPolicies + userPolicies + iamExamples
        + keyPolicies + trustPolicies + deputies

    static let rows: [Row] = examples.flatMap { example in example.asks.map { Row(example: example, ask: $0) } }

    @Test("The table has its rows") func size() {
        #expect(Self.rows.count >= 300)
    }

    @Test("§5, §6, §7.3: what policies mean", arguments: Self.rows)
    func decision(_ row: Row) throws {
        let example = row.example
        func policy(_ statements: String?, _ kind: PolicyDocument.Kind) throws -> CompiledPolicy? {
            try statements.map { statements in
                let json = #"{"Version":"\#(example.version)","Statement":[\#(statements)]}"#
                return try CompiledPolicy(json: Array(json.utf8), kind: kind, name: "policy")
            }
        }
        let kinds: [PolicyEvaluation.ResourcePolicyRole: PolicyDocument.Kind] = [
            .optional: .bucket, .required: .key, .trust: .trust,
        ]
        let evaluation = PolicyEvaluation(
            identity: try policy(example.identity, .identity).map { [$0] } ?? [],
            boundary: try policy(example.boundary, .identity),
            session: try policy(example.session, .identity).map { [$0] },
            resource: try policy(example.resource, kinds[example.role] ?? .bucket), resourceRole: example.role,
            restrictsPublic: example.isRestricted)
        let decision = evaluation.decide(
            PolicyRequest(
                caller: row.ask.caller, action: row.ask.action, resource: row.ask.resource,
                resourceAccount: row.ask.owner, context: row.ask.context.mapValues(\.texts)))
        let isExpected =
            switch (decision, row.ask.outcome) {
            case (.allowed, .allowed), (.denied(.explicit), .denied): true
            case (.denied(.explicit), _), (_, .denied): false
            case (.denied, .notAllowed): true
            default: false
            }
        #expect(isExpected, "\(decision)")
    }
}
