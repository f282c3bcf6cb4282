import TernControlPlane
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference.
    static let groups: [IAMOperation] = [
        .change("CreateGroup", IAMTarget.new(IAMGroupRecord.self)) { call throws(IAMError) in
            var group = IAMGroupRecord()
            group.id = call.catalog.makeID(IAMGroupRecord.idPrefix)
            group.account = call.accountID
            group.name = try call.required("GroupName")
            group.path = call.optional("Path") ?? "/"
            group.createdMs = call.now
            let wanted = group
            let made = try await call.change { state throws(IAMError) in try state.createGroup(wanted) }
            return { xml in
                xml.open("Group")
                xml.identity(made)
                xml.close("Group")
            }
        },
        .read("GetGroup", IAMTarget.existing(IAMGroupRecord.self)) { call throws(IAMError) in
            let group = try call.state.group(try call.required("GroupName"), in: call.accountID)
            let page = try IAMPage(call.state.members(of: group), call) { $0.name.lowercased() }
            return { xml in
                xml.open("Group")
                xml.identity(group)
                xml.close("Group")
                page.write("Users", &xml) { $0.user($1, isWhole: false) }
            }
        },
        .read("ListGroups", IAMTarget.list(IAMGroupRecord.self)) { call throws(IAMError) in
            let prefix = try call.pathPrefix()
            let groups = call.state.groups.all(in: call.accountID).filter { $0.path.hasPrefix(prefix) }
            let page = try IAMPage(groups, call) { $0.name.lowercased() }
            return { xml in page.write("Groups", &xml) { $0.identity($1) } }
        },
        .change("UpdateGroup", IAMTarget.existing(IAMGroupRecord.self)) { call throws(IAMError) in
            let name = try call.required("GroupName")
            try await call.change { state throws(IAMError) in
                try state.updateGroup(
                    name, in: call.accountID, newName: call.optional("NewGroupName"), newPath: call.optional("NewPath"))
            }
            return nil
        },
        .change("DeleteGroup", IAMTarget.existing(IAMGroupRecord.self)) { call throws(IAMError) in
            let name = try call.required("GroupName")
            try await call.change { state throws(IAMError) in try state.deleteGroup(name, in: call.accountID) }
            return nil
        },
        .change("AddUserToGroup", IAMTarget.existing(IAMGroupRecord.self)) { call throws(IAMError) in
            let group = try call.required("GroupName")
            let user = try call.required("UserName")
            try await call.change { state throws(IAMError) in
                try state.addUser(user, toGroup: group, in: call.accountID)
            }
            return nil
        },
        .change("RemoveUserFromGroup", IAMTarget.existing(IAMGroupRecord.self)) { call throws(IAMError) in
            let group = try call.required("GroupName")
            let user = try call.required("UserName")
            try await call.change { state throws(IAMError) in
                try state.removeUser(user, fromGroup: group, in: call.accountID)
            }
            return nil
        },
    ]
}
