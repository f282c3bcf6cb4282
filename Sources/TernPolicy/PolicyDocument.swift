import TernCore

/// A policy as it is written: read and checked, not yet made ready for decisions (POL-1, POL-2).
package struct PolicyDocument: Hashable, Sendable {
    /// What a policy is attached to: decides which elements it must and must not have.
    package enum Kind: Sendable, CaseIterable {
        /// Of users, groups, roles; permissions boundaries and session policies too.
        case identity
        case bucket
        /// Who may assume a role.
        case trust
        case key

        /// POL-7, IAM-22: bytes. White space does not count in policies of identities, so that their exact quota is for
        /// the one who stores them; this bounds what is read at all.
        package var sizeLimit: Int {
            switch self {
            case .bucket: 20 << 10
            case .key: 32 << 10
            case .identity, .trust: 128 << 10
            }
        }

        var hasPrincipals: Bool { self != .identity }
        var hasResources: Bool { self != .trust }
    }

    package enum Version: String, Sendable {
        /// No policy variables; what a policy without `Version` is.
        case v2008 = "2008-10-17"
        case v2012 = "2012-10-17"
    }

    package enum Effect: String, Sendable {
        case allow = "Allow"
        case deny = "Deny"
    }

    /// A list, or with `Not…` in the element's name all but the list.
    package struct Selection<Value: Hashable & Sendable>: Hashable, Sendable {
        package var isNegated: Bool
        package var values: [Value]

        package init(isNegated: Bool, values: [Value]) {
            self.isNegated = isNegated
            self.values = values
        }
    }

    package struct Condition: Hashable, Sendable {
        package var `operator`: ConditionOperator
        /// In lower case: names of keys are case-insensitive.
        package var key: String
        package var values: [String]

        package init(operator: ConditionOperator, key: String, values: [String]) {
            self.operator = `operator`
            self.key = key
            self.values = values
        }
    }

    package struct Statement: Hashable, Sendable {
        package var id: String?
        package var effect: Effect
        /// `nil` in policies of identities.
        package var principals: Selection<PolicyPrincipal>?
        package var actions: Selection<String>
        /// `nil` in trust policies.
        package var resources: Selection<String>?
        package var conditions: [Condition]
    }

    package var version: Version
    package var id: String?
    package var statements: [Statement]

    /// Levels of a policy's JSON: the deepest value is in a list in a condition.
    private static let maximumDepth = 16

    private static func parse(_ json: [UInt8]) throws(PolicyProblem) -> JSONValue {
        do {
            return try JSONParser.parse(json, maximumDepth: self.maximumDepth)
        } catch {
            switch error {
            case .malformed: throw .notJSON
            case .tooDeep: throw .tooDeep(limit: self.maximumDepth)
            case .duplicateName(let name): throw .duplicateKey(name)
            }
        }
    }

    package init(json: [UInt8], kind: Kind) throws(PolicyProblem) {
        guard json.count <= kind.sizeLimit else { throw .tooLarge(limit: kind.sizeLimit) }
        let elements = try JSONElements(Self.parse(json), of: "Policy")
        try elements.allow(["Version", "Id", "Statement"])
        let version = try elements.text("Version") ?? Version.v2008.rawValue
        guard let known = Version(rawValue: version) else { throw .invalidValue(element: "Version", value: version) }
        self.version = known
        self.id = try elements.text("Id")
        guard let value = elements["Statement"] else { throw .missingElement("Statement") }
        var statements: [Statement] = []
        var ids: Set<String> = []
        switch value {
        case .array(let values):
            for value in values { statements.append(try Statement(value, kind: kind)) }
        default:
            statements.append(try Statement(value, kind: kind))
        }
        guard !statements.isEmpty else { throw .missingElement("Statement") }
        // An empty one is none: tools that write policies leave it in each statement.
        for case let id? in statements.map(\.id) where !id.isEmpty {
            guard ids.insert(id).inserted else { throw .duplicateStatementID(id) }
        }
        // What the version makes a variable must be one, or a Deny could be kept that never matches.
        for statement in statements {
            for text in statement.resources?.values ?? [] { _ = try ResourcePattern(text, version: known) }
            for condition in statement.conditions { _ = try CompiledCondition(condition, version: known) }
        }
        self.statements = statements
    }
}
