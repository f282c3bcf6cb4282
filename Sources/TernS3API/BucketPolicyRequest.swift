import TernCore
import TernObjects
import TernPolicy
import TernPorts
import TernS3Protocol

extension S3Call {
    /// The policy that PutBucketPolicy brings, checked as that of the request's bucket.
    ///
    /// - Throws: `MalformedPolicy` with the first fault.
    ///
    /// Source: Amazon S3 API Reference, PutBucketPolicy; spec s3-api §12.3.
    func bucketPolicy(_ json: [UInt8]) async throws(S3Error) -> PolicyDocument {
        let policy: PolicyDocument
        do {
            policy = try PolicyDocument(json: json, kind: .bucket)
        } catch {
            throw S3Error(error, in: json)
        }
        if let problem = policy.problem(asPolicyOf: self.bucketName) { throw .malformedPolicy(problem.text) }
        for principal in policy.statements.flatMap({ $0.principals?.values ?? [] }) {
            guard await self.isKnown(principal) else { throw .invalidPolicyPrincipal }
        }
        return policy
    }

    /// The unique IDs of the users and roles that a policy names, by their ARNs (IAM-26).
    func bindings(of policy: PolicyDocument) -> [String: String] {
        var bindings: [String: String] = [:]
        for name in policy.namedEntities { bindings[name] = self.environment.principals.uniqueID(arn: name) }
        return bindings
    }

    /// A policy as it is shown: as it came while the users and roles that it names live under their names; otherwise with
    /// their ARNs of now, and with the bare IDs of those that are gone (IAM-26).
    func shown(_ policy: [UInt8], bindings: [String: String]) -> [UInt8] {
        var names: [String: String] = [:]
        for (arn, id) in bindings {
            let now = self.environment.principals.arn(uniqueID: id) ?? id
            if now != arn { names[arn] = now }
        }
        if names.isEmpty { return policy }
        return PolicyDocument.replacingPrincipals(names, in: policy) ?? policy
    }

    /// Whether the account, user or role that a principal names exists.
    private func isKnown(_ principal: PolicyPrincipal) async -> Bool {
        switch principal {
        case .account(let id):
            return await self.accounts.account(id) != nil
        case .user(let arn), .role(let arn):
            return self.environment.principals.uniqueID(arn: arn) != nil
        case .uniqueID(let id):
            return self.environment.principals.arn(uniqueID: id) != nil
        case .roleSession(let arn), .federatedUser(let arn):
            guard let id = ARN.account(of: arn) else { return false }
            return await self.accounts.account(id) != nil
        case .canonicalUser(let id):
            return await self.accounts.account(canonicalID: id) != nil
        case .everyone, .service, .federated:
            return true
        }
    }
}

extension S3Error {
    /// S3's words for what makes a text no policy of a bucket (spec s3-api §12.3).
    init(_ problem: PolicyProblem, in json: [UInt8]) {
        let isObject = json.first { ![9, 10, 13, 32].contains($0) } == UInt8(ascii: "{")
        switch problem {
        case .tooLarge: self = .policyTooLarge
        case .tooDeep, .notJSON, .duplicateKey: self = isObject ? .policyWithInvalidJSON : .policyNotJSON
        case .invalidValue(element: "Policy", value: _): self = .policyNotJSON
        case .missingElement("Statement"):
            self = Self.hasStatements(json) ? .policyWithoutStatement : .policyLacks("Statement")
        case .missingElement(let name):
            // Of an element and its negation S3 names the first.
            self = .policyLacks(name.hasPrefix("Not") ? String(name.dropFirst(3)) : name)
        case .invalidValue(element: "Version", value: _): self = .policyWithInvalidVersion
        case .invalidValue(element: "Effect", let value): self = .malformedPolicy("Invalid effect: \(value)")
        case .invalidValue(element: "Principal", value: _), .invalidValue(element: "NotPrincipal", value: _):
            self = .invalidPolicyPrincipal
        case .invalidValue(element: "Action", value: _), .invalidValue(element: "NotAction", value: _):
            self = .malformedPolicy(BucketPolicyProblem.invalidAction.text)
        case .invalidValue(element: "Resource", value: _), .invalidValue(element: "NotResource", value: _):
            self = .malformedPolicy(BucketPolicyProblem.invalidResource.text)
        case .unexpectedElement, .conflictingElements, .invalidValue, .duplicateStatementID, .unknownOperator:
            self = .policySyntax
        }
    }

    /// Whether the element is there, which then is empty.
    private static func hasStatements(_ json: [UInt8]) -> Bool {
        guard let root = try? JSONParser.parse(json) else { return false }
        return root["Statement"] != nil
    }
}
