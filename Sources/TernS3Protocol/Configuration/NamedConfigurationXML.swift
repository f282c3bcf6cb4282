/// The kinds of configuration of which a bucket has up to a thousand, told apart by ID (spec s3-api §12.5, §14).
///
/// The raw value is the name of their query parameter.
package enum NamedConfigurationKind: String, Sendable, CaseIterable {
    case analytics
    case intelligentTiering = "intelligent-tiering"
    case inventory
    case metrics

    /// The root element of one configuration, which is also its element in lists.
    package var root: String {
        switch self {
        case .analytics: "AnalyticsConfiguration"
        case .intelligentTiering: "IntelligentTieringConfiguration"
        case .inventory: "InventoryConfiguration"
        case .metrics: "MetricsConfiguration"
        }
    }

    /// The root element of a list.
    private var listRoot: String {
        switch self {
        case .analytics: "ListBucketAnalyticsConfigurationResult"
        case .intelligentTiering: "ListBucketIntelligentTieringConfigurationsOutput"
        case .inventory: "ListInventoryConfigurationsResult"
        case .metrics: "ListMetricsConfigurationsResult"
        }
    }

    /// Configurations of one kind that a bucket may have.
    package static let maximumCount = 1000
    /// Configurations on one page of a list.
    package static let pageCount = 100

    // MARK: Schemas

    private static let tag = ElementSchema.group([.one("Key", .nonEmptyText), .one("Value", .text)])

    /// Prefix, tag, or several of them: one of these at the top, any number of them under `And`.
    private static func filter(extra: [ElementSchema.Member] = []) -> ElementSchema {
        .group(
            [
                .optional(
                    "And",
                    .group([.optional("Prefix", .text), .many("Tag", 0...1000, self.tag)] + extra)),
                .optional("Prefix", .text),
                .optional("Tag", self.tag),
            ] + extra)
    }

    private static let analyticsSchema = ElementSchema.group([
        .one("Id", .nonEmptyText),
        .optional("Filter", Self.filter()),
        .one(
            "StorageClassAnalysis",
            .group([
                .optional(
                    "DataExport",
                    .group([
                        .one("OutputSchemaVersion", .choice(["V_1"])),
                        .one(
                            "Destination",
                            .group([
                                .one(
                                    "S3BucketDestination",
                                    .group([
                                        .one("Format", .choice(["CSV"])), .optional("BucketAccountId", .text),
                                        .one("Bucket", .text), .optional("Prefix", .text),
                                    ]))
                            ])),
                    ]))
            ])),
    ])

    private static let tieringSchema = ElementSchema.group([
        .one("Id", .nonEmptyText),
        .optional("Filter", Self.filter()),
        .one("Status", .choice(["Enabled", "Disabled"])),
        .many(
            "Tiering", 1...2,
            .group([
                .one("Days", .integer(0...Int(Int32.max))),
                .one("AccessTier", .choice(["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"])),
            ])),
    ])

    private static let inventorySchema = ElementSchema.group([
        .one(
            "Destination",
            .group([
                .one(
                    "S3BucketDestination",
                    .group([
                        .optional("AccountId", .text), .one("Bucket", .text),
                        .one("Format", .choice(["CSV", "ORC", "Parquet"])), .optional("Prefix", .text),
                        .optional(
                            "Encryption",
                            .group([
                                .optional("SSE-S3", .group([])),
                                .optional("SSE-KMS", .group([.one("KeyId", .nonEmptyText)])),
                            ])),
                    ]))
            ])),
        .one("IsEnabled", .boolean),
        .optional("Filter", .group([.one("Prefix", .text)])),
        .one("Id", .nonEmptyText),
        .one("IncludedObjectVersions", .choice(["All", "Current"])),
        .optional(
            "OptionalFields",
            .group([
                .many(
                    "Field", 0...16,
                    .choice([
                        "Size", "LastModifiedDate", "StorageClass", "ETag", "IsMultipartUploaded", "ReplicationStatus",
                        "EncryptionStatus", "ObjectLockRetainUntilDate", "ObjectLockMode", "ObjectLockLegalHoldStatus",
                        "IntelligentTieringAccessTier", "BucketKeyStatus", "ChecksumAlgorithm",
                        "ObjectAccessControlList", "ObjectOwner", "LifecycleExpirationDate",
                    ]))
            ])),
        .one("Schedule", .group([.one("Frequency", .choice(["Daily", "Weekly"]))])),
    ])

    private static let metricsSchema = ElementSchema.group([
        .one("Id", .nonEmptyText),
        .optional("Filter", Self.filter(extra: [.optional("AccessPointArn", .nonEmptyText)])),
    ])

    private var schema: ElementSchema {
        switch self {
        case .analytics: Self.analyticsSchema
        case .intelligentTiering: Self.tieringSchema
        case .inventory: Self.inventorySchema
        case .metrics: Self.metricsSchema
        }
    }

    // MARK: Documents

    /// Checks a client's document and returns it in the form in which it is kept.
    ///
    /// - Parameter id: The ID in the query, which must be the document's.
    /// - Throws: `MalformedXML`, `IdMismatch`, `InvalidS3DestinationBucket`, or `InvalidArgument`, in this order.
    package func normalized(_ bytes: [UInt8], id: String) throws(S3Error) -> [UInt8] {
        let root = try self.schema.normalized(RequestDocument.parse(bytes, root: self.root))
        if let filter = root["Filter"], self != .inventory, filter.children.count != 1 { throw .malformedXML }
        if root.text(of: "Id") != id { throw .idMismatch }
        try Self.checkID(id)
        switch self {
        case .inventory:
            try Self.checkBucket(root["Destination"]?["S3BucketDestination"])
        case .analytics:
            if let export = root["StorageClassAnalysis"]?["DataExport"] {
                try Self.checkBucket(export["Destination"]?["S3BucketDestination"])
            }
        case .intelligentTiering:
            try Self.checkTiers(root.children(named: "Tiering"))
        case .metrics:
            break
        }
        return root.document()
    }

    /// The optional fields that an inventory of a kept document lists.
    package func optionalFields(of document: [UInt8]) -> [String] {
        guard let root = try? RequestDocument.parse(document, root: self.root) else { return [] }
        return root["OptionalFields"]?.children(named: "Field").map(\.text) ?? []
    }

    /// 1 to 64 letters, digits, dots, hyphens and underscores.
    private static func checkID(_ id: String) throws(S3Error) {
        let isAllowed = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        if !isAllowed || !(1...64).contains(id.utf8.count) { throw .invalidConfigurationID }
    }

    private static func checkBucket(_ destination: XMLNode?) throws(S3Error) {
        let prefix = "arn:aws:s3:::"
        guard let arn = destination?.text(of: "Bucket"), arn.hasPrefix(prefix), arn.utf8.count > prefix.utf8.count
        else {
            throw .invalidS3DestinationBucket
        }
    }

    /// Each tier once, after 90 or 180 days at the earliest and 730 at the latest.
    private static func checkTiers(_ tiers: [XMLNode]) throws(S3Error) {
        if Set(tiers.map { $0.text(of: "AccessTier") }).count != tiers.count { throw .malformedXML }
        for tier in tiers {
            let least = tier.text(of: "AccessTier") == "ARCHIVE_ACCESS" ? 90 : 180
            guard let days = tier.text(of: "Days").flatMap({ Int($0) }), (least...730).contains(days) else {
                throw .invalidTieringDays
            }
        }
    }

    /// One page of a list.
    ///
    /// - Parameters:
    ///   - stored: Documents as ``normalized(_:id:)`` wrote them, in the order of their IDs.
    ///   - next: The token of the next page, if there is one.
    package func encodeList(_ stored: [[UInt8]], token: String?, next: String?) throws(S3Error) -> [UInt8] {
        var list = XMLNode(name: self.listRoot)
        if let token { list.children.append(XMLNode(name: "ContinuationToken", text: token)) }
        for document in stored { list.children.append(try RequestDocument.parse(document, root: self.root)) }
        list.children.append(XMLNode(name: "IsTruncated", text: next == nil ? "false" : "true"))
        if let next { list.children.append(XMLNode(name: "NextContinuationToken", text: next)) }
        return list.document()
    }
}

extension S3Error {
    /// Source: batch-replication §8.1.
    package static let invalidS3DestinationBucket = S3Error(
        code: "InvalidS3DestinationBucket", status: 400, message: "Invalid bucket ARN.")

    package static let invalidConfigurationID = Self.invalidArgument("The specified ID is not valid.")

    package static let invalidTieringDays = Self.invalidArgument(
        "Days must be from 90 to 730 for ARCHIVE_ACCESS and from 180 to 730 for DEEP_ARCHIVE_ACCESS.")
}
