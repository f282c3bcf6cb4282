package import TernRecords
package import TernS3Protocol

extension AclRecord {
    package init(_ list: AccessControlList) {
        self.init()
        self.grants = list.grants.map { grant in
            var record = AclGrant()
            switch grant.grantee {
            case .account(let id): record.canonicalID = id
            case .group(let group): record.group = group.rawValue
            }
            record.permission = grant.permission.rawValue
            return record
        }
    }

    /// Grants that this version of Tern does not know are left out: they grant nothing here.
    package var list: AccessControlList {
        AccessControlList(
            self.grants.compactMap { record in
                guard let permission = AccessPermission(rawValue: record.permission) else { return nil }
                if record.group.isEmpty { return AccessGrant(.account(record.canonicalID), permission) }
                return AccessGroup(rawValue: record.group).map { AccessGrant(.group($0), permission) }
            })
    }
}

extension VersionRecord {
    /// The ACL that the version has beside its owner's; `nil` where its owner alone has everything.
    package var accessControlList: AccessControlList? { self.hasAcl ? self.acl.list : nil }
}
