import TernCore
import TernPolicy
package import TernRecords

extension IAMState {
    /// The unique ID of the user or role that an ARN names.
    package func uniqueID(arn: String) -> String? {
        self.users.entity(arn: arn)?.id ?? self.roles.entity(arn: arn)?.id
    }

    /// The ARN of a user or role, while it lives.
    package func arn(uniqueID: String) -> String? {
        self.users[id: uniqueID]?.arn ?? self.roles[id: uniqueID]?.arn
    }

    /// Checks a trust policy, and says which users and roles it names (IAM-26).
    func bindings(ofTrustPolicy document: String) throws(IAMError) -> [IAMPrincipalBinding] {
        let policy = try IAMPolicyCheck.trust(document)
        var bindings: [String: String] = [:]
        for principal in policy.principals {
            switch principal {
            case .user(let arn), .role(let arn):
                guard let id = self.uniqueID(arn: arn) else { throw IAMPolicyCheck.invalidPrincipal("AWS", arn) }
                bindings[arn] = id
            case .uniqueID(let id):
                guard self.arn(uniqueID: id) != nil else { throw IAMPolicyCheck.invalidPrincipal("AWS", id) }
            case .account(let account):
                guard self.account(account.description) != nil else {
                    throw IAMPolicyCheck.invalidPrincipal("AWS", "arn:aws:iam::\(account):root")
                }
            default: break
            }
        }
        return bindings.sorted { $0.key < $1.key }.map { arn, id in
            var binding = IAMPrincipalBinding()
            binding.arn = arn
            binding.uniqueID = id
            return binding
        }
    }

    /// A trust policy as it is shown: as it was written while all whom it names live under their names; otherwise with
    /// their ARNs of now, and with the bare IDs of those who are gone.
    package func shownTrustPolicy(of role: IAMRoleRecord) -> String {
        var names: [String: String] = [:]
        for binding in role.trustBindings {
            let now = self.arn(uniqueID: binding.uniqueID) ?? binding.uniqueID
            if now != binding.arn { names[binding.arn] = now }
        }
        return Self.replacing(names, in: role.trustPolicy)
    }

    /// A trust policy as it is judged: by unique IDs.
    func boundTrustPolicy(of role: IAMRoleRecord) -> String {
        let names = Dictionary(role.trustBindings.map { ($0.arn, $0.uniqueID) }) { first, _ in first }
        return Self.replacing(names, in: role.trustPolicy)
    }

    private static func replacing(_ names: [String: String], in document: String) -> String {
        guard !names.isEmpty else { return document }
        guard let replaced = PolicyDocument.replacingPrincipals(names, in: Array(document.utf8)) else {
            return document
        }
        return String(decoding: replaced, as: UTF8.self)
    }
}
