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
    /// What log objects grant beside their owner's right to everything.
    package var targetGrants: AccessControlList

    package init(
        targetBucket: String, targetPrefix: String, keyFormat: KeyFormat = .simplePrefix,
        targetGrants: AccessControlList = AccessControlList([])
    ) {
        self.targetBucket = targetBucket
        self.targetPrefix = targetPrefix
        self.keyFormat = keyFormat
        self.targetGrants = targetGrants
    }

    /// Source: Amazon S3 API Reference, TargetGrant.
    private static let permissions: Set<AccessPermission> = [.fullControl, .read, .write]

    /// All but `TargetGrants`, whose grantees have attributes.
    private static let schema = ElementSchema.group([
        .optional(
            "LoggingEnabled",
            .group([
                .one("TargetBucket", .nonEmptyText),
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

    /// Checks a client's document; `nil` switches logging off. Returns also the form in which it is kept. Accounts among
    /// the grantees are not known to exist yet.
    ///
    /// - Throws: `MalformedXML`; of grantees `InvalidArgument` for a group that there is not, and `MethodNotAllowed` for
    ///   an email address.
    package static func normalized(_ bytes: [UInt8]) throws(S3Error) -> (LoggingConfiguration, [UInt8])? {
        let root = try RequestDocument.parse(bytes, root: "BucketLoggingStatus")
        guard let enabled = try self.schema.normalized(root)["LoggingEnabled"] else { return nil }
        let format = enabled["TargetObjectKeyFormat"]
        if let format, format.children.count != 1 { throw .malformedXML }
        let configuration = try LoggingConfiguration(
            enabled, grants: root["LoggingEnabled"]?.children(named: "TargetGrants") ?? [])
        return (configuration, configuration.document(format: format))
    }

    /// Reads what ``normalized(_:)`` wrote.
    package init?(stored bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "BucketLoggingStatus")
        guard let enabled = root["LoggingEnabled"] else { return nil }
        try self.init(enabled, grants: enabled.children(named: "TargetGrants"))
    }

    private init(_ enabled: XMLNode, grants: [XMLNode]) throws(S3Error) {
        self.targetBucket = enabled.text(of: "TargetBucket") ?? ""
        self.targetPrefix = enabled.text(of: "TargetPrefix") ?? ""
        if let partitioned = enabled["TargetObjectKeyFormat"]?["PartitionedPrefix"] {
            self.keyFormat = .partitionedPrefix(
                byEventTime: partitioned.text(of: "PartitionDateSource") == "EventTime")
        } else {
            self.keyFormat = .simplePrefix
        }
        if grants.count > 1 { throw .malformedXML }
        self.targetGrants = AccessControlList(try grants.first.map(Self.grants) ?? [])
    }

    /// Reads `TargetGrants`. Source: Amazon S3 API Reference, TargetGrant.
    private static func grants(_ node: XMLNode) throws(S3Error) -> [AccessGrant] {
        let found = node.children(named: "Grant")
        if found.count > AccessControlList.maximumGrants { throw .malformedXML }
        var grants: [AccessGrant] = []
        for grant in found {
            guard let grantee = grant["Grantee"], let text = try grant.leafText(of: "Permission"),
                let permission = AccessPermission(rawValue: text), self.permissions.contains(permission)
            else { throw .malformedXML }
            do throws(S3Error) {
                let read = try AccessControlPolicyXML.grantee(grantee, resource: .bucket, method: "PUT")
                grants.append(AccessGrant(read, permission))
            } catch  where error == .malformedACL {
                // This document is no ACL.
                throw .malformedXML
            }
        }
        return grants
    }

    private func document(format: XMLNode?) -> [UInt8] {
        var writer = XMLWriter(capacity: 512 + self.targetGrants.grants.count * 256)
        writer.openRoot("BucketLoggingStatus")
        writer.open("LoggingEnabled")
        writer.element("TargetBucket", self.targetBucket)
        if !self.targetGrants.grants.isEmpty {
            writer.open("TargetGrants")
            for grant in self.targetGrants.grants { writer.grant(grant) }
            writer.close("TargetGrants")
        }
        writer.element("TargetPrefix", self.targetPrefix)
        if let format { writer.node(format) }
        writer.close("LoggingEnabled")
        writer.close("BucketLoggingStatus")
        return writer.finish()
    }
}
