import TernCore
import TernPolicy
import TernPorts
import TernRecords
import TernS3Protocol

/// Checks a policy before it becomes that of a Multi-Region Access Point.
struct MultiRegionAccessPointPolicyCheck: Sendable {
    let identities: any IdentityStore
    let principals: any PrincipalDirectory
    let publicAccess: any AccountPublicAccess

    /// - Returns: The unique IDs of the users and roles that it names (IAM-26).
    func bindings(
        of policy: String, for record: MultiRegionAccessPointRecord
    ) async throws(MultiRegionAccessPointFailure) -> [IAMPrincipalBinding] {
        let document: PolicyDocument
        do {
            document = try PolicyDocument(json: Array(policy.utf8), kind: .bucket)
        } catch {
            throw .malformedPolicy(Self.error(error), record.name)
        }
        if let problem = document.problem(asPolicyOfAccessPoint: record.arn) {
            throw .malformedPolicy(.malformedPolicy(problem.text), record.name)
        }
        var bindings: [String: String] = [:]
        for principal in document.principals {
            guard await self.isKnown(principal, &bindings) else {
                throw .malformedPolicy(.invalidPolicyPrincipal, record.name)
            }
        }
        let account = self.publicAccess.publicAccessBlock(of: AccountID(trusted: record.account))
        let block = PublicAccessBlock(record.publicAccessBlock).union(account)
        if block.blockPublicPolicy, document.isPublic { throw .publicPolicy(record.name) }
        return bindings.sorted { $0.key < $1.key }.map { arn, id in
            var binding = IAMPrincipalBinding()
            binding.arn = arn
            binding.uniqueID = id
            return binding
        }
    }

    /// Whether the account, user or role that a principal names exists.
    private func isKnown(_ principal: PolicyPrincipal, _ bindings: inout [String: String]) async -> Bool {
        switch principal {
        case .account(let id):
            return await self.identities.account(id) != nil
        case .user(let arn), .role(let arn):
            guard let id = self.principals.uniqueID(arn: arn) else { return false }
            bindings[arn] = id
            return true
        case .uniqueID(let id):
            return self.principals.arn(uniqueID: id) != nil
        case .roleSession(let arn), .federatedUser(let arn):
            guard let id = ARN.account(of: arn) else { return false }
            return await self.identities.account(id) != nil
        case .canonicalUser(let id):
            return await self.identities.account(canonicalID: id) != nil
        case .everyone, .service, .federated:
            return true
        }
    }

    private static func error(_ problem: PolicyProblem) -> S3Error {
        switch problem {
        case .tooLarge: .policyTooLarge
        case .tooDeep, .notJSON, .duplicateKey: .policyWithInvalidJSON
        case .missingElement(let name): .policyLacks(name.hasPrefix("Not") ? String(name.dropFirst(3)) : name)
        case .invalidValue(element: "Version", _): .policyWithInvalidVersion
        case .invalidValue(element: "Principal", _), .invalidValue(element: "NotPrincipal", _): .invalidPolicyPrincipal
        case .unexpectedElement, .conflictingElements, .invalidValue, .duplicateStatementID, .unknownOperator:
            .policySyntax
        }
    }
}
