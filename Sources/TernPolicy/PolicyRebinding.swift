import TernCore

extension PolicyDocument {
    /// The ARNs of users and roles, and the unique IDs, that the statements name under `AWS`, each once.
    package var namedEntities: Set<String> {
        var names: Set<String> = []
        for principal in self.principals {
            switch principal {
            case .user(let arn), .role(let arn), .uniqueID(let arn): names.insert(arn)
            default: break
            }
        }
        return names
    }

    /// Whom the statements name, in order.
    package var principals: [PolicyPrincipal] {
        self.statements.flatMap { $0.principals?.values ?? [] }
    }

    /// The document with other texts for some of its principals under `AWS`: bare unique IDs for those who decide by them
    /// or whose entity is gone, new ARNs where one was renamed (IAM-26). All else has the same meaning; white space is lost.
    ///
    /// - Parameter names: The new texts, by the old ones.
    /// - Returns: `nil` for what is no JSON.
    package static func replacingPrincipals(_ names: [String: String], in json: [UInt8]) -> [UInt8]? {
        guard let document = try? JSONParser.parse(json, maximumDepth: 16) else { return nil }
        guard case .object(var members) = document else { return nil }
        for index in members.indices where members[index].name == "Statement" {
            if case .array(let statements) = members[index].value {
                members[index].value = .array(statements.map { self.replace(names, statement: $0) })
            } else {
                members[index].value = self.replace(names, statement: members[index].value)
            }
        }
        var text: [UInt8] = []
        JSONValue.object(members).write(to: &text)
        return text
    }

    private static func replace(_ names: [String: String], statement: JSONValue) -> JSONValue {
        guard case .object(var members) = statement else { return statement }
        for index in members.indices where members[index].name == "Principal" || members[index].name == "NotPrincipal" {
            guard case .object(var kinds) = members[index].value else { continue }
            for kind in kinds.indices where kinds[kind].name == "AWS" {
                switch kinds[kind].value {
                case .string(let text): kinds[kind].value = .string(names[text] ?? text)
                case .array(let values):
                    kinds[kind].value = .array(
                        values.map { value in value.string.flatMap { names[$0] }.map { .string($0) } ?? value })
                default: break
                }
            }
            members[index].value = .object(kinds)
        }
        return .object(members)
    }
}

extension JSONValue {
    /// Appends the value as JSON, without white space.
    fileprivate func write(to text: inout [UInt8]) {
        switch self {
        case .null: text += Array("null".utf8)
        case .boolean(let flag): text += Array((flag ? "true" : "false").utf8)
        case .number(let digits): text += Array(digits.utf8)
        case .string(let string): JSONString.append(string, to: &text)
        case .array(let values):
            text.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                value.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                JSONString.append(member.name, to: &text)
                text.append(UInt8(ascii: ":"))
                member.value.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }
}
