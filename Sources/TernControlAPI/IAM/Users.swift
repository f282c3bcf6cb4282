import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Source: AWS IAM API Reference.
    static let users: [IAMOperation] = [
        .change("CreateUser", IAMTarget.new(IAMUserRecord.self)) { call throws(IAMError) in
            var user = IAMUserRecord()
            user.id = call.catalog.makeID(IAMUserRecord.idPrefix)
            user.account = call.accountID
            user.name = try call.required("UserName")
            user.path = call.optional("Path") ?? "/"
            user.createdMs = call.now
            user.boundary = call.optional("PermissionsBoundary") ?? ""
            user.tags = try call.tags()
            let wanted = user
            let made = try await call.change { state throws(IAMError) in try state.createUser(wanted) }
            return { xml in
                xml.open("User")
                xml.user(made, isWhole: true)
                xml.close("User")
            }
        },
        .read("GetUser", IAMTarget.user) { call throws(IAMError) in
            if call.meansRoot {
                let account = call.account
                return { xml in
                    xml.open("User")
                    xml.element("Path", "/")
                    xml.element("UserName", account.displayName)
                    xml.element("UserId", account.id.description)
                    xml.element("Arn", account.rootARN)
                    xml.time("CreateDate", call.state.createdMs(of: account.id.description))
                    xml.close("User")
                }
            }
            let user = try call.state.user(try call.userName(), in: call.accountID)
            return { xml in
                xml.open("User")
                xml.user(user, isWhole: true)
                xml.close("User")
            }
        },
        .read("ListUsers", IAMTarget.list(IAMUserRecord.self)) { call throws(IAMError) in
            let prefix = try call.pathPrefix()
            let users = call.state.users.all(in: call.accountID).filter { $0.path.hasPrefix(prefix) }
            let page = try IAMPage(users, call) { $0.name.lowercased() }
            return { xml in page.write("Users", &xml) { $0.user($1, isWhole: false) } }
        },
        .change("UpdateUser", IAMTarget.existing(IAMUserRecord.self)) { call throws(IAMError) in
            let name = try call.required("UserName")
            try await call.change { state throws(IAMError) in
                try state.updateUser(
                    name, in: call.accountID, newName: call.optional("NewUserName"), newPath: call.optional("NewPath"))
            }
            return nil
        },
        .change("DeleteUser", IAMTarget.existing(IAMUserRecord.self)) { call throws(IAMError) in
            let name = try call.required("UserName")
            try await call.change { state throws(IAMError) in try state.deleteUser(name, in: call.accountID) }
            return nil
        },
        .read("ListGroupsForUser", IAMTarget.existing(IAMUserRecord.self)) { call throws(IAMError) in
            let user = try call.state.user(try call.required("UserName"), in: call.accountID)
            let page = try IAMPage(call.state.groups(of: user), call) { $0.name.lowercased() }
            return { xml in page.write("Groups", &xml) { $0.identity($1) } }
        },
    ]
}
