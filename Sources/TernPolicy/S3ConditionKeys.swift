/// Which condition keys S3 has for which of its actions (specification §6.2).
enum S3ConditionKeys {
    /// Whether requests of the action can have the key.
    ///
    /// - Parameters:
    ///   - key: In lower case. Keys of other services, keys that all actions have and keys that are not known are taken for
    ///     possible: POL-12 refuses only what is known to be of no use.
    ///   - action: In lower case, with `s3:`.
    static func applies(_ key: String, to action: String) -> Bool {
        guard let actions = self.actions(of: key) else { return true }
        return actions.contains(action)
    }

    /// The actions that have the key, or `nil` if it is not one of only some actions.
    private static func actions(of key: String) -> Set<String>? {
        if let actions = self.table[key] { return actions }
        // `s3:ExistingObjectTag/<key>`.
        guard let slash = key.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return self.table[String(key[...slash])]
    }

    private static let writes = Self.names("PutObject", "BypassGovernanceRetention")
    private static let grants = Self.names(
        "BypassGovernanceRetention", "CreateBucket", "PutBucketAcl", "PutObject", "PutObjectAcl", "PutObjectVersionAcl")
    private static let encryption = Self.names(
        "BypassGovernanceRetention", "PutObject", "ReplicateObject", "UpdateObjectEncryption")
    private static let locks = Self.names(
        "BypassGovernanceRetention", "PutObject", "PutObjectLegalHold", "PutObjectRetention", "ReplicateObject")
    private static let lists = Self.names("ListBucket", "ListBucketVersions")
    private static let requestTags = Self.names(
        "BypassGovernanceRetention", "PutObject", "PutObjectTagging", "PutObjectVersionTagging")
    private static let existingTags = Self.names(
        "DeleteObjectTagging", "DeleteObjectVersionTagging", "GetObject", "GetObjectAcl", "GetObjectAttributes",
        "GetObjectTagging", "GetObjectVersion", "GetObjectVersionAcl", "GetObjectVersionAttributes",
        "GetObjectVersionTagging", "PutObjectAcl", "PutObjectTagging", "PutObjectVersionAcl",
        "PutObjectVersionTagging")
    /// All actions on one version.
    private static let versions: Set<String> = Set(
        S3Actions.all.lazy.filter { $0.level == .object && $0.name.contains("version") }.map(\.name))

    private static func names(_ names: String...) -> Set<String> { Set(names.map { "s3:\($0)".lowercased() }) }

    private static let table: [String: Set<String>] = [
        "s3:prefix": lists, "s3:delimiter": lists, "s3:max-keys": lists,
        "s3:versionid": versions,
        "s3:existingobjecttag/": existingTags,
        "s3:requestobjecttag/": requestTags, "s3:requestobjecttagkeys": requestTags,
        "s3:x-amz-acl": grants, "s3:x-amz-grant-read": grants, "s3:x-amz-grant-write": grants,
        "s3:x-amz-grant-read-acp": grants, "s3:x-amz-grant-write-acp": grants, "s3:x-amz-grant-full-control": grants,
        "s3:x-amz-server-side-encryption": encryption, "s3:x-amz-server-side-encryption-aws-kms-key-id": encryption,
        "s3:x-amz-server-side-encryption-customer-algorithm": encryption,
        "s3:x-amz-storage-class": writes, "s3:x-amz-metadata-directive": writes, "s3:x-amz-copy-source": writes,
        "s3:x-amz-website-redirect-location": writes,
        "s3:object-lock-mode": locks, "s3:object-lock-retain-until-date": locks,
        "s3:object-lock-remaining-retention-days": locks, "s3:object-lock-legal-hold": locks,
        "s3:if-match": names("PutObject", "DeleteObject", "DeleteObjectVersion"),
        "s3:if-none-match": names("PutObject"),
        "s3:objectcreationoperation": names("PutObject"),
        "s3:locationconstraint": names("CreateBucket", "CreateAccessPoint"),
        "s3:x-amz-object-ownership": names("CreateBucket"), "s3:x-amz-bucket-namespace": names("CreateBucket"),
        "s3:inventoryaccessibleoptionalfields": names("PutInventoryConfiguration"),
        "s3:isreplicationpauserequest": names("PutReplicationConfiguration"),
        "s3:destinationregion": names("PauseReplication"),
    ]
}
