/// Where a bucket's access logs go (spec s3-api §12.6).
///
/// Source: Amazon S3 User Guide, "Logging requests with server access logging".
package struct LoggingConfiguration: Hashable, Sendable {
    /// The form of the keys of log objects.
    package enum KeyFormat: Hashable, Sendable {
        case simplePrefix
        /// `true` for `EventTime`: the day of the events, instead of that of the delivery.
        case partitionedPrefix(byEventTime: Bool)
    }

    package var targetBucket: String
    package var targetPrefix: String
    package var keyFormat: KeyFormat

    package init(targetBucket: String, targetPrefix: String, keyFormat: KeyFormat = .simplePrefix) {
        self.targetBucket = targetBucket
        self.targetPrefix = targetPrefix
        self.keyFormat = keyFormat
    }

    private static let schema = ElementSchema.group([
        .optional(
            "LoggingEnabled",
            .group([
                .one("TargetBucket", .nonEmptyText),
                .optional("TargetGrants", .group([.many("Grant", 0...100, .group([]))])),
                .one("TargetPrefix", .text),
                .optional(
                    "TargetObjectKeyFormat",
                    .group([
                        .optional("SimplePrefix", .group([])),
                        .optional(
                            "PartitionedPrefix",
                            .group([.optional("PartitionDateSource", .choice(["EventTime", "DeliveryTime"]))])),
                    ])),
            ]))
    ])

    /// What a GET answers while logging is off.
    package static var unset: [UInt8] { XMLNode(name: "BucketLoggingStatus").document() }

    /// Checks a client's document; `nil` switches logging off. Returns also the form in which it is kept.
    ///
    /// - Throws: `MalformedXML`; `NotImplemented` for grants, which need ACLs on log objects.
    package static func normalized(_ bytes: [UInt8]) throws(S3Error) -> (LoggingConfiguration, [UInt8])? {
        var root = try self.schema.normalized(RequestDocument.parse(bytes, root: "BucketLoggingStatus"))
        guard var enabled = root.children.first else { return nil }
        if let grants = enabled["TargetGrants"], !grants.children.isEmpty { throw .targetGrantsNotImplemented }
        enabled.children.removeAll { $0.name == "TargetGrants" }
        if let format = enabled["TargetObjectKeyFormat"], format.children.count != 1 { throw .malformedXML }
        root.children = [enabled]
        let document = root.document()
        guard let configuration = try LoggingConfiguration(stored: document) else { return nil }
        return (configuration, document)
    }

    /// Reads what ``normalized(_:)`` wrote.
    package init?(stored bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "BucketLoggingStatus")
        guard let enabled = root["LoggingEnabled"] else { return nil }
        self.targetBucket = enabled.text(of: "TargetBucket") ?? ""
        self.targetPrefix = enabled.text(of: "TargetPrefix") ?? ""
        if let partitioned = enabled["TargetObjectKeyFormat"]?["PartitionedPrefix"] {
            self.keyFormat = .partitionedPrefix(
                byEventTime: partitioned.text(of: "PartitionDateSource") == "EventTime")
        } else {
            self.keyFormat = .simplePrefix
        }
    }
}
