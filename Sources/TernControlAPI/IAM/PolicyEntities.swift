import TernControlPlane
import TernRecords
import TernS3Protocol

/// Who uses a managed policy: a page of groups, users and roles.
struct PolicyEntities {
    private enum Entity {
        case group(IAMGroupRecord)
        case user(IAMUserRecord)
        case role(IAMRoleRecord)

        var key: String {
            switch self {
            case .group(let group): "group/" + group.name.lowercased()
            case .role(let role): "role/" + role.name.lowercased()
            case .user(let user): "user/" + user.name.lowercased()
            }
        }
    }

    private let page: IAMPage<Entity>

    init(using arn: String, _ call: IAMCall) throws(IAMError) {
        let filter = try call.choice(
            "EntityFilter", ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"])
        let usage = try call.choice("PolicyUsageFilter", ["PermissionsPolicy", "PermissionsBoundary"])
        let prefix = try call.pathPrefix()
        let account = call.accountID
        func attaches(_ holder: some IAMPolicyHolder) -> Bool {
            usage != "PermissionsBoundary" && holder.attachedPolicies.contains(arn) && holder.path.hasPrefix(prefix)
        }
        func uses(_ holder: some IAMBounded) -> Bool {
            let isBound = usage != "PermissionsPolicy" && holder.boundary == arn && holder.path.hasPrefix(prefix)
            return isBound || attaches(holder)
        }
        var entities: [Entity] = []
        if filter == nil || filter == "Group" {
            entities += call.state.groups.all(in: account).filter { attaches($0) }.map(Entity.group)
        }
        if filter == nil || filter == "User" {
            entities += call.state.users.all(in: account).filter { uses($0) }.map(Entity.user)
        }
        if filter == nil || filter == "Role" {
            entities += call.state.roles.all(in: account).filter { uses($0) }.map(Entity.role)
        }
        self.page = try IAMPage(entities, call) { $0.key }
    }

    func write(_ xml: inout XMLWriter) {
        var groups: [IAMGroupRecord] = []
        var users: [IAMUserRecord] = []
        var roles: [IAMRoleRecord] = []
        for entity in self.page.items {
            switch entity {
            case .group(let group): groups.append(group)
            case .user(let user): users.append(user)
            case .role(let role): roles.append(role)
            }
        }
        xml.list("PolicyGroups", groups) { $0.names($1) }
        xml.list("PolicyUsers", users) { $0.names($1) }
        xml.list("PolicyRoles", roles) { $0.names($1) }
        self.page.writeEnd(&xml)
    }
}

extension XMLWriter {
    fileprivate mutating func names<Entity: IAMEntity>(_ entity: Entity) {
        self.element(dynamic: Entity.title + "Name", entity.name)
        self.element(dynamic: Entity.title + "Id", entity.id)
    }
}
