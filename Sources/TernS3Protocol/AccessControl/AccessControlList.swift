/// Who a grant is for.
package enum Grantee: Hashable, Sendable {
    /// An account, by its canonical ID.
    case account(String)
    case group(AccessGroup)
}

/// The predefined groups, by their URIs (spec rule ACL-9).
package enum AccessGroup: String, Hashable, Sendable, CaseIterable {
    case allUsers = "http://acs.amazonaws.com/groups/global/AllUsers"
    case authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    case logDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"

    /// Whether a grant to it is public in the sense of Block Public Access.
    package var isPublic: Bool { self != .logDelivery }
}

/// What a grantee may do (spec rule ACL-10).
package enum AccessPermission: String, Hashable, Sendable, CaseIterable {
    case fullControl = "FULL_CONTROL"
    case read = "READ"
    case write = "WRITE"
    case readACP = "READ_ACP"
    case writeACP = "WRITE_ACP"
}

package struct AccessGrant: Hashable, Sendable {
    package var grantee: Grantee
    package var permission: AccessPermission

    package init(_ grantee: Grantee, _ permission: AccessPermission) {
        self.grantee = grantee
        self.permission = permission
    }
}

/// The grants of a bucket or version.
package struct AccessControlList: Hashable, Sendable {
    /// ACL-8
    package static let maximumGrants = 100

    package var grants: [AccessGrant]

    package init(_ grants: [AccessGrant]) {
        self.grants = grants
    }

    /// What holds where nothing was set: the owner, by its canonical ID, may do everything.
    package static func ownerOnly(_ owner: String) -> AccessControlList {
        AccessControlList([AccessGrant(.account(owner), .fullControl)])
    }

    /// Whether it grants anything to everybody, or to everybody who has an account (spec s3-api §9.3).
    package var isPublic: Bool { self.grants.contains { $0.isPublic } }

    /// The grants that count under `IgnorePublicAcls`.
    package var withoutPublicGrants: AccessControlList {
        AccessControlList(self.grants.filter { !$0.isPublic })
    }
}

extension AccessGrant {
    var isPublic: Bool {
        if case .group(let group) = self.grantee { group.isPublic } else { false }
    }
}
