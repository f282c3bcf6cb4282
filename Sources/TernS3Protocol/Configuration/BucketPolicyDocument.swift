package import TernCore

/// A bucket policy as PutBucketPolicy takes it (spec s3-api §12.3).
///
/// It is kept byte for byte; this type says whether it is one, and whether it is public.
package struct BucketPolicyDocument: Sendable {
    /// The largest policy, in bytes.
    package static let maximumByteCount = 20 * 1024

    package struct Statement: Sendable {
        package var isAllow: Bool
        /// By kind: `AWS`, `Service`, `Federated`, `CanonicalUser`; `nil` for `NotPrincipal`, which allows all others.
        package var principals: [String: [String]]?
        package var actions: [String]
        package var hasNotAction: Bool
        package var resources: [String]
        package var hasNotResource: Bool
        /// By operator, then by key.
        package var conditions: [String: [String: [String]]]
    }

    package private(set) var statements: [Statement] = []

    private static let members: Set<String> = ["Version", "Id", "Statement"]
    private static let versions = ["2008-10-17", "2012-10-17"]

    /// Reads and checks a policy of `bucket`.
    ///
    /// - Throws: `MalformedPolicy` with the first fault.
    package init(_ bytes: [UInt8], bucket: String) throws(S3Error) {
        if bytes.count > Self.maximumByteCount { throw .policyTooLarge }
        guard bytes.first(where: { ![9, 10, 13, 32].contains($0) }) == UInt8(ascii: "{") else {
            throw .policyNotJSON
        }
        let root: JSONValue
        do {
            root = try JSONParser.parse(bytes)
        } catch {
            throw .malformedPolicy("This policy contains invalid Json")
        }
        guard case .object(let members) = root else { throw .policyNotJSON }
        if members.contains(where: { !Self.members.contains($0.name) }) { throw .policySyntax }
        if let version = root["Version"], !Self.versions.contains(version.string ?? "") {
            throw .malformedPolicy("The policy must contain a valid version string")
        }
        if let id = root["Id"], id.string == nil { throw .policySyntax }
        guard let statement = root["Statement"] else { throw .policyLacks("Statement") }
        let values: [JSONValue]
        switch statement {
        case .array(let entries): values = entries
        case .object: values = [statement]
        default: throw .policySyntax
        }
        if values.isEmpty { throw .malformedPolicy("Could not parse the policy: Statement is empty!") }
        var ids: Set<String> = []
        for value in values {
            if let id = value["Sid"]?.string, !ids.insert(id).inserted { throw .policySyntax }
            self.statements.append(try Statement(value, bucket: bucket))
        }
    }

    /// The accounts that the policy names; they must exist.
    package var namedAccounts: Set<AccountID> {
        var accounts: Set<AccountID> = []
        for statement in self.statements {
            for principal in statement.principals?["AWS"] ?? [] {
                if let account = AccountID(principal) ?? ARN.account(of: principal) { accounts.insert(account) }
            }
        }
        return accounts
    }
}

extension BucketPolicyDocument.Statement {
    private static let members: Set<String> = [
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
    ]

    fileprivate init(_ value: JSONValue, bucket: String) throws(S3Error) {
        guard case .object(let members) = value else { throw .policySyntax }
        guard members.allSatisfy({ Self.members.contains($0.name) }) else { throw .policySyntax }
        if let id = value["Sid"], id.string == nil { throw .policySyntax }
        guard let effect = value["Effect"] else { throw .policyLacks("Effect") }
        guard let effectText = effect.string else { throw .policySyntax }
        guard effectText == "Allow" || effectText == "Deny" else {
            throw .malformedPolicy("Invalid effect: \(effectText)")
        }
        self.isAllow = effectText == "Allow"
        self.principals = try Self.principals(value)
        (self.actions, self.hasNotAction) = try Self.strings(value, "Action")
        (self.resources, self.hasNotResource) = try Self.strings(value, "Resource")
        self.conditions = try Self.conditions(value["Condition"])
        if self.actions.isEmpty || !self.actions.allSatisfy(PolicyActions.isKnown) {
            throw .malformedPolicy("Policy has invalid action")
        }
        guard !self.resources.isEmpty, self.resources.allSatisfy({ PolicyResource(arn: $0, bucket: bucket) != nil })
        else { throw .malformedPolicy("Policy has invalid resource") }
        if !self.hasNotAction, !self.hasNotResource {
            let kinds = self.resources.compactMap { PolicyResource(arn: $0, bucket: bucket) }
            for action in self.actions where !kinds.contains(where: { PolicyActions.applies(action, to: $0) }) {
                throw .malformedPolicy("Action does not apply to any resource(s) in statement")
            }
        }
    }

    private static func strings(_ value: JSONValue, _ name: String) throws(S3Error) -> ([String], Bool) {
        let plain = value[name]
        let negated = value["Not" + name]
        if plain != nil, negated != nil { throw .policySyntax }
        guard let found = plain ?? negated else { throw .policyLacks(name) }
        guard let strings = found.strings else { throw .policySyntax }
        return (strings, negated != nil)
    }

    private static func principals(_ value: JSONValue) throws(S3Error) -> [String: [String]]? {
        let plain = value["Principal"]
        let negated = value["NotPrincipal"]
        if plain != nil, negated != nil { throw .policySyntax }
        guard let found = plain ?? negated else { throw .policyLacks("Principal") }
        var result: [String: [String]] = [:]
        switch found {
        case .string("*"):
            result["AWS"] = ["*"]
        case .object(let members) where !members.isEmpty:
            for member in members {
                guard let names = member.value.strings, !names.isEmpty else { throw .policySyntax }
                guard names.allSatisfy({ Self.isPrincipal($0, kind: member.name) }) else {
                    throw .invalidPolicyPrincipal
                }
                result[member.name] = names
            }
        default:
            throw .invalidPolicyPrincipal
        }
        return negated == nil ? result : nil
    }

    private static func isPrincipal(_ name: String, kind: String) -> Bool {
        switch kind {
        case "AWS":
            if name == "*" || AccountID(name) != nil { return true }
            let parts = name.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "arn", parts[1] == "aws", parts[3].isEmpty,
                AccountID(String(parts[4])) != nil
            else { return false }
            switch parts[2] {
            case "iam":
                return parts[5] == "root" || parts[5].hasPrefix("user/") || parts[5].hasPrefix("role/")
            case "sts":
                return parts[5].hasPrefix("assumed-role/") || parts[5].hasPrefix("federated-user/")
            default: return false
            }
        case "CanonicalUser": return !name.isEmpty
        case "Service": return name.hasSuffix(".amazonaws.com")
        case "Federated": return !name.isEmpty
        default: return false
        }
    }

    private static func conditions(_ value: JSONValue?) throws(S3Error) -> [String: [String: [String]]] {
        guard let value else { return [:] }
        guard case .object(let operators) = value else { throw .policySyntax }
        var result: [String: [String: [String]]] = [:]
        for entry in operators {
            guard case .object(let keys) = entry.value else { throw .policySyntax }
            var values: [String: [String]] = [:]
            for key in keys {
                switch key.value {
                case .boolean(let flag): values[key.name.lowercased()] = [flag ? "true" : "false"]
                case .number(let text): values[key.name.lowercased()] = [text]
                default:
                    guard let strings = key.value.strings else { throw .policySyntax }
                    values[key.name.lowercased()] = strings
                }
            }
            result[entry.name] = values
        }
        return result
    }
}

/// A resource of a policy of one bucket.
struct PolicyResource {
    var coversBucket: Bool
    var coversObjects: Bool

    /// `nil` for what is not an ARN of the bucket, or of objects in it.
    init?(arn: String, bucket: String) {
        let prefix = "arn:aws:s3:::"
        guard arn.hasPrefix(prefix) else { return nil }
        let rest = Array(arn.utf8.dropFirst(prefix.utf8.count))
        let name = Array(bucket.utf8)
        if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
            guard Self.matches(name[...], rest[..<slash]) else { return nil }
            self.coversBucket = false
            self.coversObjects = true
        } else {
            guard Self.matches(name[...], rest[...]) else { return nil }
            self.coversBucket = true
            // A wildcard at the end reaches into the keys too.
            self.coversObjects = rest.last == UInt8(ascii: "*")
        }
    }

    /// `*` for any characters, `?` for one.
    static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var text = text
        var pattern = pattern
        var retry: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while true {
            if let first = pattern.first, first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (text, pattern)
            } else if let first = pattern.first, let byte = text.first, first == UInt8(ascii: "?") || first == byte {
                pattern = pattern.dropFirst()
                text = text.dropFirst()
            } else if pattern.isEmpty, text.isEmpty {
                return true
            } else if let again = retry, !again.text.isEmpty {
                text = again.text.dropFirst()
                pattern = again.pattern
                retry = (text, pattern)
            } else {
                return false
            }
        }
    }
}
