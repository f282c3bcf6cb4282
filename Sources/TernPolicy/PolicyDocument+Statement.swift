import TernCore

extension PolicyDocument.Statement {
    /// POL-2.
    init(_ value: JSONValue, kind: PolicyDocument.Kind) throws(PolicyProblem) {
        let elements = try JSONElements(value, of: "Statement")
        var names: Set<String> = ["Sid", "Effect", "Action", "NotAction", "Condition"]
        if kind.hasPrincipals { names.formUnion(["Principal", "NotPrincipal"]) }
        if kind.hasResources { names.formUnion(["Resource", "NotResource"]) }
        try elements.allow(names)
        self.id = try elements.text("Sid")
        guard let effect = try elements.text("Effect") else { throw .missingElement("Effect") }
        guard let known = PolicyDocument.Effect(rawValue: effect) else {
            throw .invalidValue(element: "Effect", value: effect)
        }
        self.effect = known
        self.principals = kind.hasPrincipals ? try Self.principals(elements) : nil
        self.actions = try Self.texts(elements, "Action", "NotAction", Self.isAction)
        self.resources = kind.hasResources ? try Self.texts(elements, "Resource", "NotResource", Self.isResource) : nil
        self.conditions = try Self.conditions(elements)
    }

    private static func texts(
        _ elements: JSONElements, _ name: String, _ negated: String, _ isValid: (String) -> Bool
    ) throws(PolicyProblem) -> PolicyDocument.Selection<String> {
        let found = try elements.either(name, negated)
        let texts = try found.value.texts(of: found.name)
        guard !texts.isEmpty else { throw .missingElement(found.name) }
        for text in texts where !isValid(text) { throw .invalidValue(element: found.name, value: text) }
        return .init(isNegated: found.isNegated, values: texts)
    }

    /// POL-3: `*`, or a service and a name.
    private static func isAction(_ text: String) -> Bool {
        if text == "*" { return true }
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// POL-4: `*`, or an ARN of six segments.
    private static func isResource(_ text: String) -> Bool {
        if text == "*" { return true }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && !parts[5].isEmpty
    }

    private static func principals(
        _ elements: JSONElements
    ) throws(PolicyProblem) -> PolicyDocument.Selection<PolicyPrincipal> {
        let found = try elements.either("Principal", "NotPrincipal")
        if case .string(let text) = found.value {
            guard text == "*" else { throw .invalidValue(element: found.name, value: text) }
            return .init(isNegated: found.isNegated, values: [.everyone])
        }
        var principals: [PolicyPrincipal] = []
        for member in try JSONElements(found.value, of: found.name).all {
            for text in try member.value.texts(of: found.name) {
                guard let principal = PolicyPrincipal(type: member.name, text: text) else {
                    throw .invalidValue(element: found.name, value: "\(member.name): \(text)")
                }
                principals.append(principal)
            }
        }
        guard !principals.isEmpty else { throw .missingElement(found.name) }
        return .init(isNegated: found.isNegated, values: principals)
    }

    /// POL-12: operators must be known; keys need not be.
    private static func conditions(_ elements: JSONElements) throws(PolicyProblem) -> [PolicyDocument.Condition] {
        guard let value = elements["Condition"] else { return [] }
        var conditions: [PolicyDocument.Condition] = []
        for block in try JSONElements(value, of: "Condition").all {
            guard let found = ConditionOperator(name: block.name) else { throw .unknownOperator(block.name) }
            var keys: Set<String> = []
            for member in try JSONElements(block.value, of: block.name).all {
                let key = member.name.lowercased()
                guard !key.isEmpty else { throw .invalidValue(element: block.name, value: member.name) }
                guard keys.insert(key).inserted else { throw .duplicateKey(member.name) }
                let values = try member.value.texts(of: member.name, scalars: true)
                conditions.append(.init(operator: found, key: key, values: values))
            }
        }
        return conditions
    }
}
