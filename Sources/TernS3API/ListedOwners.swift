import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernS3Protocol

/// The owners of a page of listed versions, as canonical IDs: each account is looked up once.
///
/// Where the bucket owner enforces ownership, everything is the bucket owner's, whoever wrote it.
/// Source: Amazon S3 API Reference, Object (Owner); spec rules ACC-2, ACL-3.
struct ListedOwners: Sendable {
    private let bucketOwner: String
    /// By account, as records name it; empty where all owners are the bucket's.
    private var others: [String: String] = [:]

    init(of page: ListPage<ListedVersion>, in bucket: BucketState, for call: S3Call) async {
        self.bucketOwner = await call.canonicalID(of: bucket.owner)
        if bucket.ownership == .bucketOwnerEnforced { return }
        let account = bucket.owner.description
        for case .item(let item) in page.entries {
            let owner = item.record.owner
            if owner.isEmpty || owner == account || self.others[owner] != nil { continue }
            self.others[owner] = await call.canonicalID(of: AccountID(trusted: owner))
        }
    }

    subscript(record: VersionRecord) -> String {
        if self.others.isEmpty { return self.bucketOwner }
        return self.others[record.owner] ?? self.bucketOwner
    }
}
