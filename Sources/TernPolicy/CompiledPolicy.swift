package import TernCore

/// A request as policies see it.
package struct PolicyRequest: Sendable {
    package var caller: PolicyCaller
    /// For example `s3:GetObject`.
    package var action: String {
        didSet { self.actionBytes = ActionPattern.lowercased(self.action) }
    }
    /// In lower case.
    private(set) var actionBytes: [UInt8]
    /// For example `arn:aws:s3:::bucket/key`; `*` where an action has no resource.
    package var resource: String {
        didSet { self.resourceBytes = Array(self.resource.utf8) }
    }
    private(set) var resourceBytes: [UInt8]
    /// The account that the resource belongs to; `nil` where none is concerned.
    package var resourceAccount: AccountID?
    /// Condition keys in lower case, with their values.
    package var context: PolicyContext

    package init(
        caller: PolicyCaller, action: String, resource: String, resourceAccount: AccountID?,
        context: PolicyContext = [:]
    ) {
        self.caller = caller
        self.action = action
        self.actionBytes = ActionPattern.lowercased(action)
        self.resource = resource
        self.resourceBytes = Array(resource.utf8)
        self.resourceAccount = resourceAccount
        self.context =
            context.keys.allSatisfy(Self.isLowercase)
            ? context : Dictionary(context.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { $0 + $1 })
    }

    /// Whether the name of a key is as policies have it; most are, and need not be copied.
    private static func isLowercase(_ key: String) -> Bool {
        key.utf8.allSatisfy { $0 < 0x80 && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}

/// What a request has for the keys of conditions; their names are in lower case.
package typealias PolicyContext = [String: [String]]

extension PolicyContext {
    /// The value of a key that has one: only these can be variables (specification §5.3).
    func variable(_ key: String) -> String? {
        guard let values = self[key], values.count == 1 else { return nil }
        return values[0]
    }
}

/// A policy made ready for decisions: read once, asked often (EVL-6).
package struct CompiledPolicy: Sendable {
    /// A class, so that no copies are made while policies are asked.
    private final class Statement: Sendable {
        let effect: PolicyDocument.Effect
        let principals: PolicyDocument.Selection<PolicyPrincipal>?
        let actions: [ActionPattern]
        let isNotAction: Bool
        /// `nil` in trust policies.
        let resources: [ResourcePattern]?
        let isNotResource: Bool
        let conditions: [CompiledCondition]
        /// As explanations name it: its `Sid`, or its place, counted from 1.
        let name: String

        init(
            _ statement: PolicyDocument.Statement, number: Int, version: PolicyDocument.Version
        ) throws(PolicyProblem) {
            var resources: [ResourcePattern] = []
            for text in statement.resources?.values ?? [] {
                resources.append(try ResourcePattern(text, version: version))
            }
            var conditions: [CompiledCondition] = []
            for condition in statement.conditions {
                conditions.append(try CompiledCondition(condition, version: version))
            }
            self.effect = statement.effect
            self.principals = statement.principals
            self.actions = statement.actions.values.map { ActionPattern($0) }
            self.isNotAction = statement.actions.isNegated
            self.resources = statement.resources == nil ? nil : resources
            self.isNotResource = statement.resources?.isNegated ?? false
            self.conditions = conditions
            self.name = statement.id.flatMap { $0.isEmpty ? nil : $0 } ?? "statement \(number)"
        }
    }

    /// The ARN of a managed policy, or the name of an inline one; explanations show it.
    package let name: String
    package let document: PolicyDocument
    private let statements: [Statement]
    private let bindings: [String: String]
    /// Whether a Deny is in it: without one it need not be asked for denials.
    package let hasDeny: Bool

    /// - Parameter bindings: The unique IDs of users and roles when the policy was stored, by ARN (IAM-26).
    /// - Throws: `PolicyProblem` for texts that the reader of documents refuses too.
    package init(
        _ document: PolicyDocument, name: String, bindings: [String: String] = [:]
    ) throws(PolicyProblem) {
        self.name = name
        self.document = document
        self.bindings = bindings
        var statements: [Statement] = []
        for (index, statement) in document.statements.enumerated() {
            statements.append(try Statement(statement, number: index + 1, version: document.version))
        }
        self.statements = statements
        self.hasDeny = statements.contains { $0.effect == .deny }
    }

    /// Reads and compiles a document.
    package init(
        json: [UInt8], kind: PolicyDocument.Kind, name: String, bindings: [String: String] = [:]
    ) throws(PolicyProblem) {
        try self.init(try PolicyDocument(json: json, kind: kind), name: name, bindings: bindings)
    }

    /// A statement that matched, and how its principal did; `nil` principal for policies without one.
    package struct Match: Hashable, Sendable {
        package var index: Int
        package var principal: PrincipalMatch?

        package init(index: Int, principal: PrincipalMatch?) {
            self.index = index
            self.principal = principal
        }
    }

    /// The first statement that denies the request.
    package func denial(of request: PolicyRequest) -> Match? {
        guard self.hasDeny else { return nil }
        for (index, statement) in self.statements.enumerated() where statement.effect == .deny {
            if let match = self.match(statement, at: index, request) { return match }
        }
        return nil
    }

    /// Among the statements that allow the request, the first of those whose principal meets the caller most closely.
    package func allowance(of request: PolicyRequest) -> Match? {
        var best: Match?
        for (index, statement) in self.statements.enumerated() where statement.effect == .allow {
            guard let match = self.match(statement, at: index, request) else { continue }
            guard let principal = match.principal else { return match }
            if let known = best?.principal, known >= principal { continue }
            best = match
            if principal == .caller { break }
        }
        return best
    }

    private func match(_ statement: Statement, at index: Int, _ request: PolicyRequest) -> Match? {
        let isNamed = statement.actions.contains { $0.matches(request.actionBytes) }
        guard isNamed != statement.isNotAction else { return nil }
        var principal: PrincipalMatch?
        if let principals = statement.principals {
            principal = principals.match(request.caller, bindings: self.bindings)
            guard principal != nil else { return nil }
        }
        if let resources = statement.resources {
            let isMeant = resources.contains { $0.matches(bytes: request.resourceBytes, request.context) }
            guard isMeant != statement.isNotResource else { return nil }
        }
        for condition in statement.conditions {
            guard condition.holds(in: request.context) else { return nil }
        }
        return Match(index: index, principal: principal)
    }

    package func statementName(_ index: Int) -> String { self.statements[index].name }
}

extension CompiledPolicy {
    /// Whether a condition or a variable asks for a key that begins so, in lower case.
    package func mentions(_ keyPrefix: String) -> Bool {
        self.document.statements.contains { statement in
            statement.conditions.contains { condition in
                condition.key.hasPrefix(keyPrefix) || condition.values.contains { Self.hasVariable($0, keyPrefix) }
            } || (statement.resources?.values ?? []).contains { Self.hasVariable($0, keyPrefix) }
        }
    }

    private static func hasVariable(_ text: String, _ keyPrefix: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return false }
        return text.lowercased().contains("${" + keyPrefix)
    }
}
