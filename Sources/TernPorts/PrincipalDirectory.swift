/// What IAM knows of a principal at this moment (STS-5): read at each use, never kept in credentials.
package struct PrincipalPolicies: Sendable {
    /// A policy document and where it stands, for explanations: the ARN of a managed policy or the name of an inline one.
    package struct Document: Hashable, Sendable {
        package var name: String
        package var json: String

        package init(name: String, json: String) {
            self.name = name
            self.json = json
        }
    }

    /// Inline and attached policies, those of a user's groups among them (EVL-2).
    package var identity: [Document]
    package var boundary: Document?
    package var tags: [String: String]

    package init(identity: [Document] = [], boundary: Document? = nil, tags: [String: String] = [:]) {
        self.identity = identity
        self.boundary = boundary
        self.tags = tags
    }
}

/// A role as those need it who assume it.
package struct AssumableRole: Sendable {
    package var identity: RoleIdentity
    /// The trust policy, as JSON, with its principals bound to unique IDs (IAM-26).
    package var trustPolicy: String
    package var maximumSessionSeconds: Int
    package var tags: [String: String]

    package init(
        identity: RoleIdentity, trustPolicy: String, maximumSessionSeconds: Int, tags: [String: String] = [:]
    ) {
        self.identity = identity
        self.trustPolicy = trustPolicy
        self.maximumSessionSeconds = maximumSessionSeconds
        self.tags = tags
    }
}

/// IAM as authorization and STS ask it, in this region's own copy: no call waits for another region.
package protocol PrincipalDirectory: Sendable {
    /// Grows with every change of IAM, for caches.
    var revision: UInt64 { get }
    /// `nil` for a user or role that is gone; also of another with the same name (ACC-5).
    func policies(of principal: Principal) -> PrincipalPolicies?
    /// The role of this ARN, its path included.
    func role(arn: String) -> AssumableRole?
    /// The default version of a managed policy, as JSON.
    func managedPolicy(arn: String) -> String?
    /// The provider of OpenID Connect that an account knows by its URL, which stands here without the scheme.
    func webIdentityProvider(issuer: String, account: String) -> WebIdentityProvider?
    /// The unique ID of the user or role that an ARN names, to which stored policies are bound (IAM-26).
    func uniqueID(arn: String) -> String?
    /// The ARN of a unique ID, while its entity lives.
    func arn(uniqueID: String) -> String?
}
