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

    /// Whether the account that a principal names, or is in, exists.
    private func isKnown(_ principal: PolicyPrincipal) async -> Bool {
        switch principal {
        case .account(let id):
            return await self.accounts.account(id) != nil
        case .user(let arn), .role(let arn), .roleSession(let arn), .federatedUser(let arn):
            guard let id = ARN.account(of: arn) else { return false }
            return await self.accounts.account(id) != nil
        case .canonicalUser(let id):
            return await self.accounts.account(canonicalID: id) != nil
        case .everyone, .uniqueID, .service, .federated:
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
