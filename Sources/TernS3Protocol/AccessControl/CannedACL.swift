/// The values of `x-amz-acl` (spec rule ACL-6).
package enum CannedACL: String, Hashable, Sendable, CaseIterable {
    case `private` = "private"
    case publicRead = "public-read"
    case publicReadWrite = "public-read-write"
    case authenticatedRead = "authenticated-read"
    case awsExecRead = "aws-exec-read"
    case bucketOwnerRead = "bucket-owner-read"
    case bucketOwnerFullControl = "bucket-owner-full-control"
    case logDeliveryWrite = "log-delivery-write"

    /// The account of EC2 that reads AMI bundles. Source: S3 User Guide, "Canned ACL".
    package static let ec2CanonicalID = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"

    /// What an ACL is for.
    package enum Subject: Hashable, Sendable {
        case bucket
        case object
    }

    /// - Throws: `InvalidArgument` for a name that there is not, or not for objects.
    package init(_ value: String, for subject: Subject) throws(S3Error) {
        guard let known = CannedACL(rawValue: value), subject == .bucket || known != .logDeliveryWrite else {
            throw .unknownCannedACL(value)
        }
        self = known
    }

    /// The grants that it stands for.
    ///
    /// - Parameters:
    ///   - owner: The canonical ID of who owns the bucket or object.
    ///   - bucketOwner: Who owns the bucket. The grants to it mean nothing on a bucket, or to an object of its own.
    package func list(owner: String, bucketOwner: String) -> AccessControlList {
        var list = AccessControlList.ownerOnly(owner)
        switch self {
        case .private: break
        case .publicRead: list.grants.append(AccessGrant(.group(.allUsers), .read))
        case .publicReadWrite:
            list.grants.append(AccessGrant(.group(.allUsers), .read))
            list.grants.append(AccessGrant(.group(.allUsers), .write))
        case .authenticatedRead: list.grants.append(AccessGrant(.group(.authenticatedUsers), .read))
        case .awsExecRead: list.grants.append(AccessGrant(.account(Self.ec2CanonicalID), .read))
        case .bucketOwnerRead:
            if owner != bucketOwner { list.grants.append(AccessGrant(.account(bucketOwner), .read)) }
        case .bucketOwnerFullControl:
            if owner != bucketOwner { list.grants.append(AccessGrant(.account(bucketOwner), .fullControl)) }
        case .logDeliveryWrite:
            list.grants.append(AccessGrant(.group(.logDelivery), .write))
            list.grants.append(AccessGrant(.group(.logDelivery), .readACP))
        }
        return list
    }
}
