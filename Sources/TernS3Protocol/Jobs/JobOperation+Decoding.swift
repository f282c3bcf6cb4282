import TernCore

extension JobOperation {
    static let names = [
        "LambdaInvoke", "S3PutObjectCopy", "S3PutObjectAcl", "S3PutObjectTagging", "S3DeleteObjectTagging",
        "S3InitiateRestoreObject", "S3PutObjectLegalHold", "S3PutObjectRetention", "S3ReplicateObject",
        "S3ComputeObjectChecksum", "S3UpdateObjectEncryption",
    ]

    /// - Parameter node: `Operation`, with exactly one member.
    init(decoding node: JobNode) throws(S3Error) {
        for child in node.node.children where !Self.names.contains(child.name) {
            throw .badJobRequest("\(node.name(of: child.name)) is not known.")
        }
        guard node.node.children.count == 1, let child = node.node.children.first else {
            throw .badJobRequest("\(node.path) must name exactly one operation.")
        }
        let parameters = JobNode(child, path: node.name(of: child.name))
        switch child.name {
        case "S3ReplicateObject":
            try parameters.requireOnly()
            self = .replicateObject
        case "S3DeleteObjectTagging":
            try parameters.requireOnly()
            self = .deleteTagging
        case "S3PutObjectTagging":
            try parameters.requireOnly("TagSet")
            self = .putTagging(try Self.objectTags(parameters, "TagSet") ?? [])
        case "S3PutObjectCopy":
            self = .copy(try JobCopy(decoding: parameters))
        case "S3PutObjectAcl":
            self = .putACL(try JobACL(decoding: parameters))
        case "S3InitiateRestoreObject":
            try parameters.requireOnly("ExpirationInDays", "GlacierJobTier")
            self = .restore(
                JobRestore(
                    days: try parameters.integer("ExpirationInDays", 0...Int64(Int32.max)).map { Int($0) },
                    tier: try parameters.choice("GlacierJobTier", ["BULK", "STANDARD"]) ?? "STANDARD"))
        case "S3PutObjectLegalHold":
            try parameters.requireOnly("LegalHold")
            let hold = try parameters.required("LegalHold")
            guard let status = try hold.choice("Status", ["OFF", "ON"]) else {
                throw .badJobRequest("\(hold.name(of: "Status")) is required.")
            }
            self = .putLegalHold(isOn: status == "ON")
        case "S3PutObjectRetention":
            self = try Self.retention(parameters)
        case "LambdaInvoke":
            self = .invokeFunction(try JobFunction(decoding: parameters))
        case "S3ComputeObjectChecksum":
            self = .computeChecksum(try JobChecksum(decoding: parameters))
        default:
            self = try Self.encryption(parameters)
        }
    }

    static func objectTags(_ node: JobNode, _ member: String) throws(S3Error) -> [Tag]? {
        try node.tags(member, maximum: S3Limits.objectTags)
    }

    /// Both of mode and date, or none, which removes the retention.
    private static func retention(_ node: JobNode) throws(S3Error) -> JobOperation {
        try node.requireOnly("BypassGovernanceRetention", "Retention")
        let bypasses = try node.boolean("BypassGovernanceRetention") ?? false
        let retention = try node.required("Retention")
        try retention.requireOnly("RetainUntilDate", "Mode")
        let mode = try retention.choice("Mode", RetentionMode.allCases.map(\.rawValue)).flatMap {
            RetentionMode(rawValue: $0)
        }
        switch (mode, try retention.time("RetainUntilDate")) {
        case (nil, nil): return .putRetention(nil, bypassesGovernance: bypasses)
        case (let mode?, let until?):
            return .putRetention(Retention(mode: mode, until: until), bypassesGovernance: bypasses)
        default: throw .badJobRequest("\(retention.path) must have both Mode and RetainUntilDate, or none.")
        }
    }

    private static func encryption(_ node: JobNode) throws(S3Error) -> JobOperation {
        try node.requireOnly("ObjectEncryption")
        let encryption = try node.required("ObjectEncryption")
        try encryption.requireOnly("SSE-KMS")
        let kms = try encryption.required("SSE-KMS")
        try kms.requireOnly("KMSKeyArn", "BucketKeyEnabled")
        let arn = try kms.requiredText("KMSKeyArn", 20...2048)
        guard arn.hasPrefix("arn:"), arn.contains(":kms:"), arn.contains(":key/") else {
            throw .badJobRequest("\(kms.name(of: "KMSKeyArn")) must be the ARN of a key.")
        }
        return .updateEncryption(keyARN: arn, bucketKey: try kms.boolean("BucketKeyEnabled") ?? false)
    }
}

extension JobCopy {
    private static let maximumMetadata = 8192

    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly(
            "TargetResource", "CannedAccessControlList", "AccessControlGrants", "MetadataDirective",
            "ModifiedSinceConstraint", "NewObjectMetadata", "NewObjectTagging", "RedirectLocation", "RequesterPays",
            "StorageClass", "UnModifiedSinceConstraint", "SSEAwsKmsKeyId", "TargetKeyPrefix",
            "ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate", "BucketKeyEnabled",
            "ChecksumAlgorithm")
        guard let target = try node.bucket("TargetResource") else {
            throw .badJobRequest("\(node.name(of: "TargetResource")) is required.")
        }
        self.targetBucket = target
        self.targetPrefix = try node.text("TargetKeyPrefix", 1...1024)
        let directive = try node.choice("MetadataDirective", ["COPY", "REPLACE"])
        self.tags = try JobOperation.objectTags(node, "NewObjectTagging")
        self.cannedACL = try node.choice("CannedAccessControlList", JobACL.cannedNames)
        self.grants = try JobGrant.list(node, "AccessControlGrants") ?? []
        if self.cannedACL != nil, !self.grants.isEmpty {
            throw .badJobRequest(
                "\(node.name(of: "CannedAccessControlList")) and AccessControlGrants cannot be given together.")
        }
        self.storageClass = try node.choice("StorageClass", Self.storageClasses).flatMap { StorageClass(rawValue: $0) }
        self.kmsKeyID = try node.text("SSEAwsKmsKeyId", 1...2000)
        self.bucketKey = try node.boolean("BucketKeyEnabled")
        // What no copy can be made with is refused here, not once for each object.
        self.checksumAlgorithm = try node.choice("ChecksumAlgorithm", ChecksumAlgorithm.allCases.map(\.rawValue))
        self.redirectLocation = try node.text("RedirectLocation", 1...2048)
        self.requesterPays = try node.boolean("RequesterPays") ?? false
        self.modifiedSince = try node.time("ModifiedSinceConstraint")
        self.unmodifiedSince = try node.time("UnModifiedSinceConstraint")
        self.legalHold = try node.choice("ObjectLockLegalHoldStatus", ["OFF", "ON"])
        let mode = try node.choice("ObjectLockMode", RetentionMode.allCases.map(\.rawValue)).flatMap {
            RetentionMode(rawValue: $0)
        }
        switch (mode, try node.time("ObjectLockRetainUntilDate")) {
        case (nil, nil): self.retention = nil
        case (let mode?, let until?): self.retention = Retention(mode: mode, until: until)
        default:
            throw .badJobRequest("\(node.path) must have both ObjectLockMode and ObjectLockRetainUntilDate, or none.")
        }
        (self.metadata, self.encryption) = try Self.metadata(node.child("NewObjectMetadata"))
        if self.kmsKeyID != nil, self.encryption == nil { self.encryption = "aws:kms" }
        if self.kmsKeyID != nil, self.encryption == "AES256" {
            throw .badJobRequest("\(node.name(of: "SSEAwsKmsKeyId")) is for SSEAlgorithm KMS only.")
        }
        guard directive != "COPY" || self.metadata.isEmpty else {
            throw .badJobRequest("\(node.name(of: "NewObjectMetadata")) is for MetadataDirective REPLACE only.")
        }
        // New metadata without a directive are assigned, as the API Reference says of them.
        self.replacesMetadata = directive == "REPLACE" || !self.metadata.isEmpty
    }

    static let storageClasses = StorageClass.allCases.filter { $0 != .reducedRedundancy }.map(\.rawValue)

    /// The header fields of new metadata, and the encryption, which stands among them.
    private static func metadata(_ node: JobNode?) throws(S3Error) -> ([HeaderFields.Field], String?) {
        guard let node else { return ([], nil) }
        try node.requireOnly(
            "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "UserMetadata",
            "ContentLength", "ContentMD5", "ContentType", "HttpExpiresDate", "RequesterCharged", "SSEAlgorithm")
        // Deprecated: older clients still send them, and nothing follows from them.
        _ = try node.integer("ContentLength", 0...Int64.max)
        _ = try node.text("ContentMD5", 1...1024)
        _ = try node.boolean("RequesterCharged")
        var fields: [HeaderFields.Field] = []
        for (member, name) in [
            ("CacheControl", "cache-control"), ("ContentDisposition", "content-disposition"),
            ("ContentEncoding", "content-encoding"), ("ContentLanguage", "content-language"),
            ("ContentType", "content-type"),
        ] {
            if let value = try node.text(member, 1...1024) {
                fields.append(HeaderFields.Field(name: name, value: value))
            }
        }
        if let expires = try node.time("HttpExpiresDate") {
            fields.append(HeaderFields.Field(name: "expires", value: expires.httpDate))
        }
        var characters = 0
        for entry in node.list("UserMetadata") ?? [] {
            let name = try entry.requiredText("key", 1...1024)
            let value = try entry.requiredText("value", 0...1024)
            characters += name.count + value.count
            fields.append(HeaderFields.Field(name: "x-amz-meta-\(name.lowercased())", value: value))
        }
        guard characters <= self.maximumMetadata else {
            throw .badJobRequest("\(node.name(of: "UserMetadata")) has more than \(self.maximumMetadata) characters.")
        }
        let algorithm = try node.choice("SSEAlgorithm", ["AES256", "KMS"])
        return (fields, algorithm.map { $0 == "KMS" ? "aws:kms" : $0 })
    }
}

extension JobGrant {
    static func list(_ node: JobNode, _ member: String) throws(S3Error) -> [JobGrant]? {
        guard let entries = node.list(member) else { return nil }
        guard entries.count <= AccessControlList.maximumGrants else {
            throw .badJobRequest("\(node.name(of: member)) has more than \(AccessControlList.maximumGrants) grants.")
        }
        var grants: [JobGrant] = []
        for entry in entries {
            try entry.requireOnly("Grantee", "Permission")
            let grantee = try entry.required("Grantee")
            try grantee.requireOnly("TypeIdentifier", "Identifier", "DisplayName")
            let kinds = Identifier.allCases.map(\.rawValue)
            guard let kind = try grantee.choice("TypeIdentifier", kinds).flatMap({ Identifier(rawValue: $0) }) else {
                throw .badJobRequest("\(grantee.name(of: "TypeIdentifier")) is required.")
            }
            let permissions = AccessPermission.allCases.map(\.rawValue)
            guard
                let permission = try entry.choice("Permission", permissions).flatMap({
                    AccessPermission(rawValue: $0)
                })
            else { throw .badJobRequest("\(entry.name(of: "Permission")) is required.") }
            grants.append(
                JobGrant(
                    kind: kind, identifier: try grantee.requiredText("Identifier", 1...1024), permission: permission))
        }
        return grants
    }
}

extension JobACL {
    static let cannedNames = [
        "private", "public-read", "public-read-write", "aws-exec-read", "authenticated-read", "bucket-owner-read",
        "bucket-owner-full-control",
    ]

    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly("AccessControlPolicy")
        let policy = try node.required("AccessControlPolicy")
        try policy.requireOnly("AccessControlList", "CannedAccessControlList")
        switch (policy.child("AccessControlList"), try policy.choice("CannedAccessControlList", Self.cannedNames)) {
        case (nil, let canned?): self = .canned(canned)
        case (let list?, nil):
            try list.requireOnly("Owner", "Grants")
            let owner = try list.required("Owner")
            try owner.requireOnly("ID", "DisplayName")
            self = .list(
                owner: try owner.requiredText("ID", 1...1024), grants: try JobGrant.list(list, "Grants") ?? [])
        default:
            throw .badJobRequest("\(policy.path) must have one of AccessControlList and CannedAccessControlList.")
        }
    }
}

extension JobChecksum {
    static let algorithms = [
        "CRC32", "CRC32C", "CRC64NVME", "MD5", "SHA1", "SHA256", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128",
    ]

    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly("ChecksumAlgorithm", "ChecksumType")
        self.algorithm = try node.choice("ChecksumAlgorithm", Self.algorithms) ?? "CRC64NVME"
        self.isComposite = try node.choice("ChecksumType", ["FULL_OBJECT", "COMPOSITE"]) == "COMPOSITE"
        if self.isComposite, self.algorithm == "CRC64NVME" {
            throw .badJobRequest("\(node.name(of: "ChecksumType")) of CRC64NVME must be FULL_OBJECT.")
        }
    }
}

extension JobFunction {
    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly("FunctionArn", "InvocationSchemaVersion", "UserArguments")
        self.arn = try node.requiredText("FunctionArn", 1...1024)
        self.schemaVersion = try node.choice("InvocationSchemaVersion", ["1.0", "2.0"]) ?? "1.0"
        self.arguments = []
        for entry in node.list("UserArguments") ?? [] {
            self.arguments.append(
                HeaderFields.Field(
                    name: try entry.requiredText("key", 1...64), value: try entry.requiredText("value", 0...1024))
            )
        }
        guard self.arguments.count <= 10 else {
            throw .badJobRequest("\(node.name(of: "UserArguments")) has more than 10 arguments.")
        }
        if !self.arguments.isEmpty, self.schemaVersion == "1.0" {
            throw .badJobRequest("\(node.name(of: "UserArguments")) needs InvocationSchemaVersion 2.0.")
        }
    }
}
