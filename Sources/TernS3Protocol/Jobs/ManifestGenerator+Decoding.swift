import TernBatch
import TernCore

extension ManifestGenerator {
    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly("S3JobManifestGenerator")
        let generator = try node.required("S3JobManifestGenerator")
        try generator.requireOnly(
            "ExpectedBucketOwner", "SourceBucket", "ManifestOutputLocation", "Filter", "EnableManifestOutput")
        guard let bucket = try generator.bucket("SourceBucket") else {
            throw .badJobRequest("\(generator.name(of: "SourceBucket")) is required.")
        }
        guard let hasOutput = try generator.boolean("EnableManifestOutput") else {
            throw .badJobRequest("\(generator.name(of: "EnableManifestOutput")) is required.")
        }
        self.sourceBucket = bucket
        self.expectedOwner = try generator.account("ExpectedBucketOwner")
        let output = try generator.child("ManifestOutputLocation").map { location throws(S3Error) in
            try Output(decoding: location)
        }
        if hasOutput, output == nil {
            throw .badJobRequest("\(generator.name(of: "ManifestOutputLocation")) is required.")
        }
        self.output = hasOutput ? output : nil
        self.filter =
            try generator.child("Filter").map { filter throws(S3Error) in
                try ManifestFilter(decoding: filter)
            } ?? ManifestFilter()
    }
}

extension ManifestGenerator.Output {
    init(decoding node: JobNode) throws(S3Error) {
        try node.requireOnly(
            "ExpectedManifestBucketOwner", "Bucket", "ManifestPrefix", "ManifestEncryption", "ManifestFormat")
        guard let bucket = try node.bucket("Bucket") else {
            throw .badJobRequest("\(node.name(of: "Bucket")) is required.")
        }
        guard try node.choice("ManifestFormat", [GeneratedManifest.format]) != nil else {
            throw .badJobRequest("\(node.name(of: "ManifestFormat")) is required.")
        }
        self.bucket = bucket
        self.prefix = try node.text("ManifestPrefix", 1...512)
        self.expectedOwner = try node.account("ExpectedManifestBucketOwner")
        self.encryption = .bucketDefault
        guard let encryption = node.child("ManifestEncryption") else { return }
        try encryption.requireOnly("SSE-S3", "SSE-KMS")
        switch (encryption.child("SSE-S3"), encryption.child("SSE-KMS")) {
        case (_?, nil): self.encryption = .sseS3
        case (nil, let kms?): self.encryption = .sseKMS(keyID: try kms.requiredText("KeyId", 1...2000))
        default: throw .badJobRequest("\(encryption.path) must have one of SSE-S3 and SSE-KMS.")
        }
    }
}

extension ManifestFilter {
    init(decoding node: JobNode) throws(S3Error) {
        self.init()
        try node.requireOnly(
            "EligibleForReplication", "CreatedAfter", "CreatedBefore", "ObjectReplicationStatuses", "KeyNameConstraint",
            "ObjectSizeGreaterThanBytes", "ObjectSizeLessThanBytes", "MatchAnyStorageClass", "MatchAnyObjectEncryption")
        self.eligibleForReplication = try node.boolean("EligibleForReplication") ?? false
        self.createdAfter = try node.time("CreatedAfter")
        self.createdBefore = try node.time("CreatedBefore")
        self.statuses = try Self.set(node, "ObjectReplicationStatuses") { ReplicationStatus(rawValue: $0) }
        self.storageClasses = try Self.set(node, "MatchAnyStorageClass") { text in
            // The one class that jobs do not know.
            text == StorageClass.reducedRedundancy.rawValue ? nil : StorageClass(rawValue: text)
        }
        self.sizeGreaterThan = try node.integer("ObjectSizeGreaterThanBytes", 0...Int64.max)
        self.sizeLessThan = try node.integer("ObjectSizeLessThanBytes", 0...Int64.max)
        if let names = node.child("KeyNameConstraint") {
            try names.requireOnly("MatchAnyPrefix", "MatchAnySuffix", "MatchAnySubstring")
            self.prefix = try Self.onlyString(names, "MatchAnyPrefix")
            self.suffix = try Self.onlyString(names, "MatchAnySuffix")
            self.substring = try Self.onlyString(names, "MatchAnySubstring")
        }
        if let list = node.list("MatchAnyObjectEncryption") {
            guard list.count == 1 else {
                throw .badJobRequest("\(node.name(of: "MatchAnyObjectEncryption")) must have one element.")
            }
            self.encryption = try Encryption(decoding: list[0])
        }
    }

    private static func set<Value: Hashable>(
        _ node: JobNode, _ member: String, _ value: (String) -> Value?
    ) throws(S3Error) -> Set<Value>? {
        guard let list = node.list(member) else { return nil }
        var values: Set<Value> = []
        for element in list {
            guard let one = value(element.node.text) else {
                throw .badJobRequest("\(node.name(of: member)) has an unknown value: \(element.node.text)")
            }
            values.insert(one)
        }
        // An empty list restricts nothing.
        return values.isEmpty ? nil : values
    }

    /// S3 calls it a list, and takes one string.
    private static func onlyString(_ node: JobNode, _ member: String) throws(S3Error) -> String? {
        guard let list = node.list(member) else { return nil }
        guard list.count == 1, (1...1024).contains(list[0].node.text.unicodeScalars.count) else {
            throw .badJobRequest("\(node.name(of: member)) must have one string of 1 to 1024 characters.")
        }
        return list[0].node.text
    }
}

extension ManifestFilter.Encryption {
    init(decoding node: JobNode) throws(S3Error) {
        guard node.node.children.count == 1, let child = node.node.children.first else {
            throw .badJobRequest("\(node.path) must name one kind of encryption.")
        }
        let kind = JobNode(child, path: node.name(of: child.name))
        switch child.name {
        case "SSE-S3": self = .sseS3
        case "SSE-C": self = .sseC
        case "NOT-SSE": self = .notEncrypted
        case "SSE-KMS":
            try kind.requireOnly("KmsKeyArn", "BucketKeyEnabled")
            self = .sseKMS(
                keyARN: try kind.text("KmsKeyArn", 20...2048), bucketKey: try kind.boolean("BucketKeyEnabled"))
        case "DSSE-KMS":
            try kind.requireOnly("KmsKeyArn")
            self = .dsseKMS(keyARN: try kind.text("KmsKeyArn", 20...2048))
        default: throw .badJobRequest("\(kind.path) is not known.")
        }
    }
}
