import TernCore
import TernPolicy
import TernPorts

/// The policies that keys have if none is given.
enum KeyPolicies {
    static func standard(for account: AccountID) -> String {
        """
        {"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",\
        "Effect":"Allow","Principal":{"AWS":"arn:aws:iam::\(account):root"},"Action":"kms:*","Resource":"*"}]}
        """
    }

    /// The policy of `alias/aws/s3`: through S3 for all of the account that may use S3, and its metadata to whom the
    /// account says.
    static func s3(for account: AccountID, region: RegionName) -> String {
        """
        {"Version":"2012-10-17","Id":"auto-s3-2","Statement":[{"Sid":"Allow access through S3 for all principals in \
        the account that are authorized to use S3","Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Encrypt",\
        "kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*","Condition":\
        {"StringEquals":{"kms:CallerAccount":"\(account)","kms:ViaService":"s3.\(region).amazonaws.com"}}},\
        {"Sid":"Allow direct access to key metadata to the account","Effect":"Allow","Principal":{"AWS":\
        "arn:aws:iam::\(account):root"},"Action":["kms:Describe*","kms:Get*","kms:List*"],"Resource":"*"}]}
        """
    }
}

/// A key policy that was checked, with the unique IDs of the users and roles that it names (IAM-26).
struct CheckedKeyPolicy: Sendable {
    let json: String
    let bindings: [String: String]
    let compiled: CompiledPolicy
}

extension KeyManager {
    /// Checks a policy that a caller gives to a key.
    func check(policy json: String) async throws(KeyServiceError) -> CheckedKeyPolicy {
        let document: PolicyDocument
        do {
            document = try PolicyDocument(json: Array(json.utf8), kind: .key)
        } catch {
            throw Self.error(error)
        }
        var bindings: [String: String] = [:]
        for case let principal in document.statements.flatMap({ $0.principals?.values ?? [] }) {
            guard await self.exists(principal, &bindings) else {
                throw .malformedPolicy("Policy contains a statement with one or more invalid principals.")
            }
        }
        do {
            let compiled = try CompiledPolicy(document, name: "key policy", bindings: bindings)
            return CheckedKeyPolicy(json: json, bindings: bindings, compiled: compiled)
        } catch {
            throw Self.error(error)
        }
    }

    /// Whether there is the principal that a policy names, as far as the federation can know: what is in accounts of
    /// elsewhere is believed.
    private func exists(_ principal: PolicyPrincipal, _ bindings: inout [String: String]) async -> Bool {
        switch principal {
        case .user(let arn), .role(let arn):
            if let id = self.principals.uniqueID(arn: arn) {
                bindings[arn] = id
                return true
            }
            guard let account = ARN.account(of: arn) else { return false }
            return await self.identities.account(account) == nil
        case .uniqueID(let id):
            return self.principals.arn(uniqueID: id) != nil
        case .everyone, .account, .roleSession, .federatedUser, .service, .federated, .canonicalUser:
            return true
        }
    }

    private static func error(_ problem: PolicyProblem) -> KeyServiceError {
        switch problem {
        case .tooLarge(let limit): .limit("A key policy may have \(limit) bytes.")
        case .notJSON, .tooDeep, .duplicateKey: .malformedPolicy("Policy document is not valid JSON.")
        case .unexpectedElement(let name): .malformedPolicy("Policy contains an unexpected element \(name).")
        case .missingElement("Principal"): .malformedPolicy("Policy contains a statement with no principal.")
        case .missingElement(let name): .malformedPolicy("Policy contains no element \(name).")
        case .conflictingElements(let one, let other):
            .malformedPolicy("Policy contains a statement with both \(one) and \(other).")
        case .invalidValue(element: "Principal", _), .invalidValue(element: "NotPrincipal", _):
            .malformedPolicy("Policy contains a statement with one or more invalid principals.")
        case .invalidValue(let element, let value):
            .malformedPolicy("Policy contains an element \(element) with the invalid value \(value).")
        case .duplicateStatementID(let id): .malformedPolicy("Policy contains the statement ID \(id) more than once.")
        case .unknownOperator(let name): .malformedPolicy("Policy contains the unknown condition operator \(name).")
        }
    }

    /// A policy as GetKeyPolicy shows it: with bare IDs for users and roles that are gone (IAM-26).
    func shownPolicy(_ json: String, bindings: [String: String]) -> String {
        var shown = json
        for (arn, id) in bindings where self.principals.arn(uniqueID: id) == nil {
            shown = shown.replacing("\"\(arn)\"", with: "\"\(id)\"")
        }
        return shown
    }
}
