import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference, GetAccountAuthorizationDetails.
    static let accountDetails: [IAMOperation] = [
        .read("GetAccountAuthorizationDetails", { _ throws(IAMError) in .everything }) { call throws(IAMError) in
            let details = try AccountDetails(call)
            return { xml in details.write(&xml) }
        }
    ]
}

/// A page of all that an account has.
private struct AccountDetails {
    private enum Entity {
        case group(IAMGroupRecord)
        case policy(IAMPolicyRecord)
        case role(IAMRoleRecord)
        case user(IAMUserRecord)

        var key: String {
            switch self {
            case .group(let group): "group/" + group.name.lowercased()
            case .policy(let policy): "policy/\(policy.name.lowercased())/\(policy.id)"
            case .role(let role): "role/" + role.name.lowercased()
            case .user(let user): "user/" + user.name.lowercased()
            }
        }
    }

    private let page: IAMPage<Entity>
    private let call: IAMCall

    init(_ call: IAMCall) throws(IAMError) {
        let known = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
        let filter = call.parameters.list("Filter")
        for value in filter where !known.contains(value) {
            throw .constraint(
                value, "filter", "Member must satisfy enum value set: [\(known.joined(separator: ", "))]")
        }
        func wants(_ kind: String) -> Bool { filter.isEmpty || filter.contains(kind) }
        let account = call.accountID
        let state = call.state
        var entities: [Entity] = []
        if wants("User") { entities += state.users.all(in: account).map(Entity.user) }
        if wants("Role") { entities += state.roles.all(in: account).map(Entity.role) }
        if wants("Group") { entities += state.groups.all(in: account).map(Entity.group) }
        if wants("LocalManagedPolicy") { entities += state.policies.all(in: account).map(Entity.policy) }
        if wants("AWSManagedPolicy") {
            // Those that the account uses.
            let used = state.policyUsage(in: account)
            entities += AWSManagedPolicies.all.filter { used[$0.arn] != nil }.map(Entity.policy)
        }
        self.page = try IAMPage(entities, call) { $0.key }
        self.call = call
    }

    func write(_ xml: inout XMLWriter) {
        var groups: [IAMGroupRecord] = []
        var policies: [IAMPolicyRecord] = []
        var roles: [IAMRoleRecord] = []
        var users: [IAMUserRecord] = []
        for entity in self.page.items {
            switch entity {
            case .group(let group): groups.append(group)
            case .policy(let policy): policies.append(policy)
            case .role(let role): roles.append(role)
            case .user(let user): users.append(user)
            }
        }
        let state = self.call.state
        xml.list("UserDetailList", users) { xml, user in
            xml.identity(user)
            xml.inlinePolicies("UserPolicyList", user.inlinePolicies)
            xml.texts("GroupList", state.groups(of: user).map(\.name))
            xml.attachedPolicies("AttachedManagedPolicies", user.attachedPolicies)
            xml.boundary(user.boundary)
            xml.tags(user.tags, always: true)
        }
        xml.list("GroupDetailList", groups) { xml, group in
            xml.identity(group)
            xml.inlinePolicies("GroupPolicyList", group.inlinePolicies)
            xml.attachedPolicies("AttachedManagedPolicies", group.attachedPolicies)
        }
        xml.list("RoleDetailList", roles) { xml, role in
            xml.identity(role)
            xml.document("AssumeRolePolicyDocument", state.shownTrustPolicy(of: role))
            xml.list("InstanceProfileList", state.instanceProfiles(ofRole: role.id, in: self.call.accountID)) {
                self.call.write($1, to: &$0)
            }
            xml.inlinePolicies("RolePolicyList", role.inlinePolicies)
            xml.attachedPolicies("AttachedManagedPolicies", role.attachedPolicies)
            xml.boundary(role.boundary)
            xml.tags(role.tags, always: true)
            self.call.writeLastUse(of: role, to: &xml)
        }
        let usage = state.policyUsage(in: self.call.accountID)
        xml.list("Policies", policies) { xml, policy in
            xml.policy(policy, usage[policy.arn] ?? IAMPolicyUsage())
            if !policy.description_p.isEmpty { xml.element("Description", policy.description_p) }
            xml.list("PolicyVersionList", policy.versions.reversed()) {
                $0.version($1, of: policy, withDocument: true)
            }
        }
        self.page.writeEnd(&xml)
    }
}

extension XMLWriter {
    fileprivate mutating func inlinePolicies(_ name: StaticString, _ policies: [IAMInlinePolicy]) {
        self.list(name, policies) { xml, policy in
            xml.element("PolicyName", policy.name)
            xml.document("PolicyDocument", policy.document)
        }
    }
}
