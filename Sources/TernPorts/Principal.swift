package import TernCore

/// Who makes a request.
package enum Principal: Hashable, Sendable {
    /// The account's root, with its access key or a session of GetSessionToken.
    case root(Account, TemporarySession? = nil)
    /// A user of IAM, with an access key or a session of GetSessionToken.
    case user(UserIdentity, TemporarySession? = nil)
    /// A session of an assumed role.
    case role(RoleIdentity, TemporarySession)
    /// A part of the server that acts by itself, such as `logging.s3.amazonaws.com` (specification §6.8).
    case service(String)
    /// A user of an identity provider, who may ask for a session of a role and for nothing else.
    case webIdentity(WebIdentity)
    case anonymous

    /// The account that the caller belongs to; `nil` for services and anonymous callers.
    package var account: Account? {
        switch self {
        case .root(let account, _): account
        case .user(let user, _): user.account
        case .role(let role, _): role.account
        case .service, .webIdentity, .anonymous: nil
        }
    }

    /// The session that temporary credentials stand for.
    package var session: TemporarySession? {
        switch self {
        case .root(_, let session), .user(_, let session): session
        case .role(_, let session): session
        case .service, .webIdentity, .anonymous: nil
        }
    }

    /// The name of a federated user: of a session of GetFederationToken.
    package var federatedName: String? {
        guard let session = self.session, session.isFederated else { return nil }
        return session.name
    }

    /// As error messages and GetCallerIdentity name the caller (ACC-6).
    package var arn: String {
        if let name = self.federatedName, let account = self.account {
            return "arn:aws:sts::\(account.id):federated-user/\(name)"
        }
        return switch self {
        case .root(let account, _): account.rootARN
        case .user(let user, _): user.arn
        case .role(let role, let session): "arn:aws:sts::\(role.account.id):assumed-role/\(role.name)/\(session.name)"
        case .service(let name): name
        case .webIdentity(let identity): "\(identity.issuer):\(identity.audience):\(identity.subject)"
        case .anonymous: "anonymous"
        }
    }

    /// The value of `aws:userid` (ACC-7).
    package var userID: String {
        if let name = self.federatedName, let account = self.account { return "\(account.id):\(name)" }
        return switch self {
        case .root(let account, _): account.id.description
        case .user(let user, _): user.id
        case .role(let role, let session): "\(role.id):\(session.name)"
        case .service(let name): name
        case .webIdentity(let identity): "\(identity.issuer):\(identity.audience):\(identity.subject)"
        case .anonymous: "anonymous"
        }
    }
}

/// A user of IAM.
package struct UserIdentity: Hashable, Sendable {
    package var account: Account
    package var name: String
    /// `/` or `/path/`.
    package var path: String
    /// `AIDA…`: never used again (ACC-5).
    package var id: String

    package init(account: Account, name: String, path: String, id: String) {
        self.account = account
        self.name = name
        self.path = path
        self.id = id
    }

    package var arn: String { "arn:aws:iam::\(self.account.id):user\(self.path)\(self.name)" }
}

/// A role of IAM.
package struct RoleIdentity: Hashable, Sendable {
    package var account: Account
    package var name: String
    /// `/` or `/path/`.
    package var path: String
    /// `AROA…`: never used again (ACC-5).
    package var id: String

    package init(account: Account, name: String, path: String, id: String) {
        self.account = account
        self.name = name
        self.path = path
        self.id = id
    }

    package var arn: String { "arn:aws:iam::\(self.account.id):role\(self.path)\(self.name)" }
}

/// What temporary credentials carry beside the principal (STS-4).
package struct TemporarySession: Hashable, Sendable {
    /// RoleSessionName; empty for sessions of GetSessionToken.
    package var name: String
    package var issuedAt: Timestamp
    /// Session policies, as JSON: they never grant, they cut (EVL-2).
    package var policies: [String]
    /// Session tags, among the principal's tags.
    package var tags: [String: String]
    package var transitiveTagKeys: Set<String>
    package var sourceIdentity: String?
    /// Whether it is a federated user's, who has nothing but what session policies leave of its maker's rights.
    package var isFederated: Bool
    /// Condition keys that it brings with it: those of a web identity.
    package var context: [String: String]

    package init(
        name: String, issuedAt: Timestamp, policies: [String] = [], tags: [String: String] = [:],
        transitiveTagKeys: Set<String> = [], sourceIdentity: String? = nil, isFederated: Bool = false,
        context: [String: String] = [:]
    ) {
        self.name = name
        self.issuedAt = issuedAt
        self.policies = policies
        self.tags = tags
        self.transitiveTagKeys = transitiveTagKeys
        self.sourceIdentity = sourceIdentity
        self.isFederated = isFederated
        self.context = context
    }
}
