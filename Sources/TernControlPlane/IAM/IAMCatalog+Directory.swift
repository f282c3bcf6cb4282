import TernCore
package import TernPorts
package import TernRecords

extension IAMCatalog: PrincipalDirectory {
    package func policies(of principal: Principal) -> PrincipalPolicies? {
        let state = self.state
        switch principal {
        case .root(let account, _):
            return state.account(account.id.description).map { _ in PrincipalPolicies() }
        case .user(let user, _):
            guard let record = state.users[id: user.id] else { return nil }
            var documents = state.documents(of: record)
            for id in record.groups {
                if let group = state.groups[id: id] { documents += state.documents(of: group) }
            }
            return PrincipalPolicies(
                identity: documents, boundary: state.boundary(of: record), tags: Self.tags(record.tags))
        case .role(let role, _):
            guard let record = state.roles[id: role.id] else { return nil }
            return PrincipalPolicies(
                identity: state.documents(of: record), boundary: state.boundary(of: record),
                tags: Self.tags(record.tags))
        case .service, .webIdentity, .anonymous:
            return nil
        }
    }

    package func role(arn: String) -> AssumableRole? {
        let state = self.state
        guard let record = state.roles.entity(arn: arn), let account = state.account(record.account) else { return nil }
        return AssumableRole(
            identity: RoleIdentity(account: account, name: record.name, path: record.path, id: record.id),
            trustPolicy: state.boundTrustPolicy(of: record),
            maximumSessionSeconds: Int(record.maximumSessionSeconds), tags: Self.tags(record.tags))
    }

    package func webIdentityProvider(issuer: String, account: String) -> WebIdentityProvider? {
        self.state.oidcProviders.named(issuer, in: account).map {
            WebIdentityProvider(arn: $0.arn, clientIDs: $0.clientIds)
        }
    }

    package func managedPolicy(arn: String) -> String? {
        let policy = AWSManagedPolicies.byARN[arn] ?? self.state.policies.entity(arn: arn)
        return policy?.document
    }

    package func uniqueID(arn: String) -> String? { self.state.uniqueID(arn: arn) }

    package func arn(uniqueID: String) -> String? { self.state.arn(uniqueID: uniqueID) }

    private static func tags(_ pairs: [TagPair]) -> [String: String] {
        Dictionary(pairs.map { ($0.key, $0.value) }) { _, last in last }
    }
}

extension IAMState {
    /// Inline and attached policies of an entity itself.
    package func documents(of holder: some IAMPolicyHolder) -> [PrincipalPolicies.Document] {
        var documents = holder.inlinePolicies.map { PrincipalPolicies.Document(name: $0.name, json: $0.document) }
        for arn in holder.attachedPolicies {
            if let policy = self.managedPolicy(arn, for: holder.account) {
                documents.append(PrincipalPolicies.Document(name: arn, json: policy.document))
            }
        }
        return documents
    }

    /// A boundary whose policy is not there any more allows nothing.
    package func boundary(of holder: some IAMBounded) -> PrincipalPolicies.Document? {
        guard !holder.boundary.isEmpty else { return nil }
        let document = self.managedPolicy(holder.boundary, for: holder.account)?.document
        let closed = #"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#
        return PrincipalPolicies.Document(name: holder.boundary, json: document ?? closed)
    }

    /// A managed policy of the account, or one of AWS's (IAM-25).
    package func managedPolicy(_ arn: String, for account: String) -> IAMPolicyRecord? {
        if let policy = AWSManagedPolicies.byARN[arn] { return policy }
        guard let policy = self.policies.entity(arn: arn), policy.account == account else { return nil }
        return policy
    }
}

extension IAMCatalog {
    /// The access key of a user, or of the root of an account that was made: active, with a secret that this region can
    /// open.
    package func accessKey(_ id: String) -> AccessKey? {
        let state = self.state
        guard let credential = state.accessKeys[id], credential.isActive, let secret = credential.secret else {
            return nil
        }
        switch credential.owner {
        case .root(let number):
            return state.account(number).map { AccessKey(id: id, secret: secret, principal: .root($0)) }
        case .user(let userID):
            guard let user = state.users[id: userID], let account = state.account(user.account) else { return nil }
            let identity = UserIdentity(account: account, name: user.name, path: user.path, id: user.id)
            return AccessKey(id: id, secret: secret, principal: .user(identity))
        }
    }
}
