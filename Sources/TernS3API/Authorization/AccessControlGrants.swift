import TernCore
import TernObjects
import TernPolicy
import TernPorts
import TernRecords
import TernS3Protocol

/// What ACLs allow (spec s3-api §9.2, ACL-10).
enum AccessControlGrants {
    /// The permission on the bucket that an action needs; `nil` for actions that no bucket ACL grants.
    static func bucketPermission(for action: String) -> AccessPermission? {
        switch action {
        case "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads": .read
        case "s3:PutObject": .write
        case "s3:GetBucketAcl": .readACP
        case "s3:PutBucketAcl": .writeACP
        default: nil
        }
    }

    /// The permission on the object that an action needs; `nil` for actions that no object ACL grants.
    static func objectPermission(for action: String) -> AccessPermission? {
        switch action {
        case "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes": .read
        case "s3:GetObjectAcl", "s3:GetObjectVersionAcl": .readACP
        case "s3:PutObjectAcl", "s3:PutObjectVersionAcl": .writeACP
        default: nil
        }
    }

    /// What a list grants of a permission to a principal: as one of a group, or else by its account.
    static func grant(
        _ permission: AccessPermission, to principal: Principal, in list: AccessControlList, ignoresPublic: Bool
    ) -> AccessControlListGrant? {
        let list = ignoresPublic ? list.withoutPublicGrants : list
        var isGrantedToAccount = false
        for grant in list.grants where grant.permission == permission || grant.permission == .fullControl {
            switch grant.grantee {
            case .account(let id): if principal.account?.canonicalID == id { isGrantedToAccount = true }
            case .group(.allUsers): return .everyone
            case .group(.authenticatedUsers): if principal.account != nil { return .everyone }
            case .group(.logDelivery): if principal == .service("logging.s3.amazonaws.com") { return .everyone }
            }
        }
        return isGrantedToAccount ? .account : nil
    }
}
