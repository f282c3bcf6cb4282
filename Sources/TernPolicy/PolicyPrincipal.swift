package import TernCore

/// Whom a statement names (POL-5).
package enum PolicyPrincipal: Hashable, Sendable {
    case everyone
    /// The number of an account or the ARN of its root: any principal of it whose own policy allows.
    case account(AccountID)
    case user(arn: String)
    case role(arn: String)
    /// `arn:aws:sts::…:assumed-role/ROLE/SESSION`.
    case roleSession(arn: String)
    case federatedUser(arn: String)
    /// `AIDA…` or `AROA…`: how policies are kept whose users and roles may be deleted (IAM-26).
    case uniqueID(String)
    case service(String)
    /// An identity provider: the ARN of one or the name of its host.
    case federated(String)
    case canonicalUser(String)

    /// By a text under `AWS`; `nil` for a text that names no principal, such as an ARN with a wildcard.
    package init?(aws text: String) {
        if text == "*" {
            self = .everyone
            return
        }
        if let account = AccountID(text) {
            self = .account(account)
            return
        }
        if Self.isUniqueID(text) {
            self = .uniqueID(text)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1] == "aws", parts[3].isEmpty,
            let account = AccountID(String(parts[4])),
            !text.utf8.contains(UInt8(ascii: "*")), !text.utf8.contains(UInt8(ascii: "?"))
        else { return nil }
        let names = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (parts[2], names.first, names.count) {
        case ("iam", "root", 1): self = .account(account)
        case ("iam", "user", 2...): self = .user(arn: text)
        case ("iam", "role", 2...): self = .role(arn: text)
        case ("sts", "assumed-role", 3): self = .roleSession(arn: text)
        case ("sts", "federated-user", 2): self = .federatedUser(arn: text)
        default: return nil
        }
    }

    /// ACC-5: 21 characters.
    private static func isUniqueID(_ text: String) -> Bool {
        text.utf8.count == 21 && (text.hasPrefix("AIDA") || text.hasPrefix("AROA"))
            && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// By the type and a text of an element `Principal`.
    init?(type: String, text: String) {
        switch type {
        case "AWS":
            self.init(aws: text)
        case "Service":
            guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "*") }) else {
                return nil
            }
            self = .service(text)
        case "Federated":
            guard !text.isEmpty, !text.utf8.contains(UInt8(ascii: "*")) else { return nil }
            self = .federated(text)
        case "CanonicalUser":
            guard text.utf8.count == 64,
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return nil }
            self = .canonicalUser(text)
        default:
            return nil
        }
    }
}
