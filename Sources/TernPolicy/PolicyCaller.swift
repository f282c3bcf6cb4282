package import TernCore

/// Who asks, as statements name principals (POL-5).
package struct PolicyCaller: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case root
        case user(arn: String, uniqueID: String)
        /// A session of a role: its role, by ARN and unique ID, and the ARN of the session itself.
        case roleSession(roleARN: String, uniqueID: String, sessionARN: String)
        case federatedUser(arn: String)
        case service(String)
        /// Whoever a provider vouches for: its ARN.
        case webIdentity(provider: String)
        case anonymous
    }

    package var kind: Kind
    /// `nil` for services and anonymous callers.
    package var account: AccountID?
    package var canonicalID: String?

    package init(kind: Kind, account: AccountID?, canonicalID: String? = nil) {
        self.kind = kind
        self.account = account
        self.canonicalID = canonicalID
    }

    package static let anonymous = PolicyCaller(kind: .anonymous, account: nil)

    package static func service(_ name: String) -> PolicyCaller { PolicyCaller(kind: .service(name), account: nil) }
}

/// How a statement's `Principal` meets the caller: what else has to agree depends on it (specification §6.4).
package enum PrincipalMatch: Int, Hashable, Sendable, Comparable {
    /// The account: whoever of it has a policy that allows.
    case delegation
    /// `*`.
    case everyone
    /// The role of the caller's session.
    case role
    /// The caller itself: a user, a session, a service, the root.
    case caller

    package static func < (one: PrincipalMatch, other: PrincipalMatch) -> Bool { one.rawValue < other.rawValue }
}

extension PolicyPrincipal {
    /// How this principal of a policy meets the caller, or `nil`.
    ///
    /// - Parameter bindings: The unique IDs of users and roles when the policy was stored, by ARN (IAM-26).
    func match(_ caller: PolicyCaller, bindings: [String: String]) -> PrincipalMatch? {
        switch self {
        case .everyone: return .everyone
        case .account(let account):
            guard caller.account == account else { return nil }
            return caller.kind == .root ? .caller : .delegation
        case .canonicalUser(let id):
            guard let own = caller.canonicalID, own == id else { return nil }
            return caller.kind == .root ? .caller : .delegation
        case .user(let arn):
            guard case .user(let own, let uniqueID) = caller.kind else { return nil }
            return bindings[arn].map({ $0 == uniqueID }) ?? (arn == own) ? .caller : nil
        case .role(let arn):
            guard case .roleSession(let own, let uniqueID, _) = caller.kind else { return nil }
            return bindings[arn].map({ $0 == uniqueID }) ?? (arn == own) ? .role : nil
        case .uniqueID(let id):
            switch caller.kind {
            case .user(_, id): return .caller
            case .roleSession(_, id, _): return .role
            default: return nil
            }
        case .roleSession(let arn):
            guard case .roleSession(_, _, arn) = caller.kind else { return nil }
            return .caller
        case .federatedUser(let arn):
            return caller.kind == .federatedUser(arn: arn) ? .caller : nil
        case .service(let name):
            return caller.kind == .service(name) ? .caller : nil
        case .federated(let provider):
            return caller.kind == .webIdentity(provider: provider) ? .caller : nil
        }
    }
}

extension PolicyDocument.Selection<PolicyPrincipal> {
    /// The closest match with the caller, or `nil`.
    func match(_ caller: PolicyCaller, bindings: [String: String]) -> PrincipalMatch? {
        guard self.isNegated else {
            return self.values.lazy.compactMap { $0.match(caller, bindings: bindings) }.max()
        }
        return self.isListed(caller, bindings: bindings) ? nil : .everyone
    }

    /// POL-6: whether `NotPrincipal` spares the caller: its account and all that it is must be listed.
    private func isListed(_ caller: PolicyCaller, bindings: [String: String]) -> Bool {
        func lists(_ wanted: (PolicyPrincipal) -> Bool) -> Bool { self.values.contains(where: wanted) }
        if lists({ $0 == .everyone }) { return true }
        func listsAccount() -> Bool {
            lists { principal in
                switch principal {
                case .account(let account): account == caller.account
                case .canonicalUser(let id): id == caller.canonicalID
                default: false
                }
            }
        }
        func listsOwn(_ match: PrincipalMatch) -> Bool {
            lists { principal in
                switch principal {
                case .account, .canonicalUser: false
                default: principal.match(caller, bindings: bindings) == match
                }
            }
        }
        switch caller.kind {
        case .root: return listsAccount()
        case .user, .federatedUser: return listsAccount() && listsOwn(.caller)
        case .roleSession: return listsAccount() && listsOwn(.role) && listsOwn(.caller)
        case .service, .webIdentity: return listsOwn(.caller)
        case .anonymous: return false
        }
    }
}
