import TernControlPlane
import TernCore
import TernPolicy
import TernPorts
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference, SimulatePrincipalPolicy and SimulateCustomPolicy.
    static let simulation: [IAMOperation] = [
        .read(
            "SimulatePrincipalPolicy",
            { call throws(IAMError) in IAMTarget(try call.required("PolicySourceArn")) }
        ) { call throws(IAMError) in
            let source = try call.required("PolicySourceArn")
            guard IAMARN(source) != nil else { throw IAMError.invalidARN }
            let simulation = try PolicySimulation(call, source: source)
            return try simulation.page()
        },
        .read("SimulateCustomPolicy", { _ throws(IAMError) in .everything }) { call throws(IAMError) in
            guard !call.parameters.list("PolicyInputList").isEmpty else {
                throw .validation(
                    "1 validation error detected: Value null at 'policyInputList' failed to satisfy "
                        + "constraint: Member must not be null")
            }
            return try PolicySimulation(call, source: nil).page()
        },
    ]
}

/// What policies would decide.
private struct PolicySimulation {
    private let call: IAMCall
    private var evaluation = PolicyEvaluation()
    private var policies: [CompiledPolicy] = []
    private var caller: PolicyCaller
    private var context: [String: [String]] = [:]
    private let owner: AccountID

    /// Questions in one request: actions times resources.
    private static let limit = 10_000

    /// - Parameter source: The user, group or role whose policies are asked beside those of the request.
    init(_ call: IAMCall, source: String?) throws(IAMError) {
        self.call = call
        var account = call.account.id
        if let text = call.optional("ResourceOwner") {
            guard let owner = AccountID(text) ?? ARN.account(of: text) else {
                throw .invalidInput("ResourceOwner is invalid.")
            }
            account = owner
        }
        self.owner = account
        self.caller = PolicyCaller(kind: .root, account: call.account.id, canonicalID: call.account.canonicalID)
        var identity = try Self.compile(call.parameters.list("PolicyInputList"), .identity, "PolicyInputList")
        var boundaries = try Self.compile(
            call.parameters.list("PermissionsBoundaryPolicyInputList"), .identity, "PermissionsBoundaryPolicyInputList")
        if let source {
            let found = try Self.documents(of: source, call)
            identity += try Self.compile(found.documents)
            if boundaries.isEmpty, let boundary = found.boundary { boundaries = try Self.compile([boundary]) }
            for tag in found.tags { self.context["aws:PrincipalTag/" + tag.key] = [tag.value] }
            self.context["aws:PrincipalArn"] = [source]
        }
        let arn = call.optional("CallerArn") ?? source ?? "arn:aws:iam::\(call.accountID):user/simulated"
        self.caller.kind = Self.kind(of: arn, call.state)
        self.evaluation.identity = identity
        self.evaluation.boundary = boundaries.first
        if let json = call.optional("ResourcePolicy") {
            self.evaluation.resource = try Self.compile([json], .bucket, "ResourcePolicy").first
        }
        self.policies = identity + boundaries + (self.evaluation.resource.map { [$0] } ?? [])
        try self.readContext()
    }

    private mutating func readContext() throws(IAMError) {
        let entries = self.call.parameters.structures("ContextEntries", ["ContextKeyName", "ContextKeyType"])
        for (index, entry) in entries.enumerated() {
            guard let key = entry["ContextKeyName"] else {
                throw .invalidInput("A context entry has no ContextKeyName.")
            }
            self.context[key] = self.call.parameters.list("ContextEntries.member.\(index + 1).ContextKeyValues")
        }
    }

    // MARK: Policies

    private static func compile(
        _ documents: [String], _ kind: PolicyDocument.Kind, _ name: String
    ) throws(IAMError) -> [CompiledPolicy] {
        var policies: [CompiledPolicy] = []
        for (index, document) in documents.enumerated() {
            do {
                policies.append(
                    try CompiledPolicy(json: Array(document.utf8), kind: kind, name: "\(name).\(index + 1)"))
            } catch {
                throw .invalidInput("The policy \(name).\(index + 1) cannot be read: Syntax errors in policy.")
            }
        }
        return policies
    }

    private static func compile(_ documents: [PrincipalPolicies.Document]) throws(IAMError) -> [CompiledPolicy] {
        var policies: [CompiledPolicy] = []
        for document in documents {
            do {
                policies.append(
                    try CompiledPolicy(json: Array(document.json.utf8), kind: .identity, name: document.name))
            } catch {
                throw .serviceFailure("The policy \(document.name) cannot be read.")
            }
        }
        return policies
    }

    private static func documents(
        of arn: String, _ call: IAMCall
    ) throws(IAMError) -> (
        documents: [PrincipalPolicies.Document], boundary: PrincipalPolicies.Document?, tags: [TagPair]
    ) {
        let state = call.state
        if let user = state.users.entity(arn: arn), user.account == call.accountID {
            var documents = state.documents(of: user)
            for group in state.groups(of: user) { documents += state.documents(of: group) }
            return (documents, state.boundary(of: user), user.tags)
        }
        if let role = state.roles.entity(arn: arn), role.account == call.accountID {
            return (state.documents(of: role), state.boundary(of: role), role.tags)
        }
        if let group = state.groups.entity(arn: arn), group.account == call.accountID {
            return (state.documents(of: group), nil, [])
        }
        let parsed = IAMARN(arn)
        throw .notFound(parsed?.kind ?? "entity", parsed?.name ?? arn)
    }

    private static func kind(of arn: String, _ state: IAMState) -> PolicyCaller.Kind {
        if let role = state.roles.entity(arn: arn) {
            return .roleSession(roleARN: arn, uniqueID: role.id, sessionARN: arn)
        }
        return .user(arn: arn, uniqueID: state.users.entity(arn: arn)?.id ?? "")
    }

    // MARK: Answers

    private struct Question {
        var number: Int
        var action: String
        var resource: String
    }

    func page() throws(IAMError) -> IAMResult {
        let actions = self.call.parameters.list("ActionNames")
        guard !actions.isEmpty else {
            throw .validation(
                "1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: "
                    + "Member must not be null")
        }
        for action in actions where !action.contains(":") || action.contains("*") {
            throw .invalidInput("Invalid Action: \(action)")
        }
        let given = self.call.parameters.list("ResourceArns")
        let resources = given.isEmpty ? ["*"] : given
        guard actions.count * resources.count <= Self.limit else {
            throw .invalidInput("More than \(Self.limit) combinations of actions and resources.")
        }
        var questions: [Question] = []
        for action in actions {
            for resource in resources {
                questions.append(Question(number: questions.count, action: action, resource: resource))
            }
        }
        let page = try IAMPage(questions, self.call) { question in
            let number = "\(question.number)"
            return String(repeating: "0", count: 6 - number.utf8.count) + number
        }
        let missing = self.missingKeys()
        return { xml in
            page.write("EvaluationResults", &xml) { self.write($1, missing, to: &$0) }
        }
    }

    private func write(_ question: Question, _ missing: [String], to xml: inout XMLWriter) {
        let decision = self.evaluation.decide(
            PolicyRequest(
                caller: self.caller, action: question.action, resource: question.resource,
                resourceAccount: self.owner, context: self.context))
        xml.element("EvalActionName", question.action)
        xml.element("EvalResourceName", question.resource)
        var statements: [DecidingStatement] = []
        switch decision {
        case .allowed(let reason):
            xml.element("EvalDecision", "allowed")
            switch reason {
            case .identity(let statement), .resource(let statement): statements = [statement]
            case .both(let identity, let resource): statements = [identity, resource].compactMap { $0 }
            case .root, .accessControlList: break
            }
        case .denied(.explicit(let statement)):
            xml.element("EvalDecision", "explicitDeny")
            statements = [statement]
        case .denied:
            xml.element("EvalDecision", "implicitDeny")
        }
        xml.list("MatchedStatements", statements) { xml, statement in
            xml.element("SourcePolicyId", statement.policy)
            xml.element("SourcePolicyType", statement.kind == .resource ? "Resource Policy" : "IAM Policy")
        }
        xml.texts("MissingContextValues", missing)
    }

    /// Keys that the policies look at and the request does not give, in lower case.
    private func missingKeys() -> [String] {
        let given = Set(self.context.keys.map { $0.lowercased() })
        var keys: Set<String> = []
        for policy in self.policies {
            for statement in policy.document.statements { keys.formUnion(statement.conditions.map(\.key)) }
        }
        return keys.subtracting(given).sorted()
    }
}
