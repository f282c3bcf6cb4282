import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol

extension IAMOperation {
    /// Of a user, or of the account's root, which gives no `UserName`. Root keys of the configuration are not among them.
    ///
    /// Source: AWS IAM API Reference; IAM-24.
    static let accessKeys: [IAMOperation] = [
        .change("CreateAccessKey", IAMTarget.user) { call throws(IAMError) in
            let made = try call.catalog.makeAccessKey()
            let owner: String
            if call.meansRoot {
                owner = call.account.displayName
                try await call.change { state throws(IAMError) in
                    try state.createRootAccessKey(made.key, of: call.accountID)
                }
            } else {
                let name = try call.userName()
                owner = try await call.change { state throws(IAMError) in
                    try state.createAccessKey(made.key, ofUser: name, in: call.accountID)
                }.name
            }
            return { xml in
                xml.open("AccessKey")
                xml.accessKey(made.key, of: owner, secret: made.secret)
                xml.close("AccessKey")
            }
        },
        .read("ListAccessKeys", IAMTarget.user) { call throws(IAMError) in
            let owner: String
            let keys: [IAMAccessKey]
            if call.meansRoot {
                owner = call.account.displayName
                keys = call.state.rootAccessKeys(of: call.accountID)
            } else {
                let user = try call.state.user(try call.userName(), in: call.accountID)
                owner = user.name
                keys = user.accessKeys
            }
            let page = try IAMPage(keys, call) { $0.id }
            return { xml in page.write("AccessKeyMetadata", &xml) { $0.accessKey($1, of: owner, secret: nil) } }
        },
        .change("UpdateAccessKey", IAMTarget.user) { call throws(IAMError) in
            let id = try call.required("AccessKeyId")
            let status = try call.required("Status")
            _ = try call.choice("Status", ["Active", "Inactive"])
            if call.meansRoot {
                try await call.change { state throws(IAMError) in
                    try state.updateRootAccessKey(id, isActive: status == "Active", of: call.accountID)
                }
            } else {
                let name = try call.userName()
                try await call.change { state throws(IAMError) in
                    try state.updateAccessKey(id, isActive: status == "Active", ofUser: name, in: call.accountID)
                }
            }
            return nil
        },
        .change("DeleteAccessKey", IAMTarget.user) { call throws(IAMError) in
            let id = try call.required("AccessKeyId")
            if call.meansRoot {
                try await call.change { state throws(IAMError) in
                    try state.deleteRootAccessKey(id, of: call.accountID)
                }
            } else {
                let name = try call.userName()
                try await call.change { state throws(IAMError) in
                    try state.deleteAccessKey(id, ofUser: name, in: call.accountID)
                }
            }
            return nil
        },
        .read("GetAccessKeyLastUsed", Self.ownerOfKey) { call throws(IAMError) in
            let id = try call.required("AccessKeyId")
            guard let credential = call.state.accessKeys[id], let owner = call.owner(of: credential),
                owner.account == call.accountID
            else { throw IAMError.accessKeyNotFound(id) }
            let use = call.state.uses[id]
            return { xml in
                xml.element("UserName", owner.name)
                xml.open("AccessKeyLastUsed")
                if let use { xml.time("LastUsedDate", use.usedMs) }
                xml.element("ServiceName", use?.service ?? "N/A")
                xml.element("Region", use?.region ?? "N/A")
                xml.close("AccessKeyLastUsed")
            }
        },
    ]

    private static let ownerOfKey: @Sendable (IAMCall) throws(IAMError) -> IAMTarget = { call throws(IAMError) in
        let credential = call.state.accessKeys[try call.required("AccessKeyId")]
        guard case .user(let id)? = credential?.owner, let user = call.state.users[id: id] else { return .everything }
        return .of(user)
    }
}

extension IAMCall {
    fileprivate func owner(of credential: IAMCredential) -> (account: String, name: String)? {
        switch credential.owner {
        case .user(let id): self.state.users[id: id].map { ($0.account, $0.name) }
        case .root(let id): self.state.account(id).map { (id, $0.displayName) }
        }
    }
}

extension XMLWriter {
    fileprivate mutating func accessKey(_ key: IAMAccessKey, of owner: String, secret: String?) {
        self.element("UserName", owner)
        self.element("AccessKeyId", key.id)
        self.element("Status", key.isInactive ? "Inactive" : "Active")
        self.element("SecretAccessKey", ifPresent: secret)
        self.time("CreateDate", key.createdMs)
    }
}
