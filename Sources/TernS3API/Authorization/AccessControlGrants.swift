import TernCore
import TernObjects
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

    /// Whether a list grants a permission to a principal.
    static func allow(
        _ permission: AccessPermission, to principal: Principal, in list: AccessControlList, ignoresPublic: Bool
    ) -> Bool {
        let list = ignoresPublic ? list.withoutPublicGrants : list
        return list.grants.contains { grant in
            guard grant.permission == permission || grant.permission == .fullControl else { return false }
            switch grant.grantee {
            case .account(let id): return principal.account?.canonicalID == id
            case .group(.allUsers): return true
            case .group(.authenticatedUsers): return principal.account != nil
            case .group(.logDelivery): return principal == .service("logging.s3.amazonaws.com")
            }
        }
    }
}
