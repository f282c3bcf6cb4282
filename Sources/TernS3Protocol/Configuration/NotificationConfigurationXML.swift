/// The document of PutBucketNotificationConfiguration (spec s3-api §13.1).
package struct NotificationConfigurationXML: Sendable {
    /// One destination of events.
    package struct Destination: Hashable, Sendable {
        package enum Kind: String, Sendable, CaseIterable {
            case topic = "Topic"
            case queue = "Queue"
            case function = "CloudFunction"

            /// The service in its ARNs.
            var service: String {
                switch self {
                case .topic: "sns"
                case .queue: "sqs"
                case .function: "lambda"
                }
            }
        }

        package var kind: Kind
        package var arn: String
    }

    /// In the order of the document; the EventBridge of the account is not among them.
    package private(set) var destinations: [Destination] = []
    /// The form in which the document is kept; `nil` if it switches notifications off.
    package private(set) var document: [UInt8]?

    /// What a GET answers while nothing was set.
    package static var unset: [UInt8] { XMLNode(name: "NotificationConfiguration").document() }

    private static let filter = ElementSchema.group([
        .optional(
            "S3Key",
            .group([
                .many("FilterRule", 0...100, .group([.one("Name", .text), .one("Value", .text)]))
            ]))
    ])

    private static func schema(of kind: Destination.Kind) -> ElementSchema {
        .group([
            .optional("Id", .text), .one(kind.rawValue, .text), .many("Event", 1...100, .text),
            .optional("Filter", self.filter),
        ])
    }

    private static let schema = ElementSchema.group([
        .many("TopicConfiguration", 0...10_000, Self.schema(of: .topic)),
        .many("QueueConfiguration", 0...10_000, Self.schema(of: .queue)),
        .many("CloudFunctionConfiguration", 0...10_000, Self.schema(of: .function)),
        .optional("EventBridgeConfiguration", .group([])),
    ])

    private static let events: Set<String> = [
        "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete",
        "s3:Replication:*", "s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold",
        "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:LifecycleTransition", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete",
        "s3:ObjectAcl:Put", "s3:IntelligentTiering", "s3:ReducedRedundancyLostObject",
    ]

    private static let maximumCount = 100

    /// Checks a client's document (NTF-1, NTF-2, NTF-4, NTF-5).
    ///
    /// - Parameter makeID: Makes the ID of a configuration that has none.
    /// - Throws: `MalformedXML` or `InvalidArgument`.
    package init(decoding bytes: [UInt8], makeID: () -> String) throws(S3Error) {
        var root = try Self.schema.normalized(RequestDocument.parse(bytes, root: "NotificationConfiguration"))
        if root.children.isEmpty { return }
        var entries: [Entry] = []
        for index in root.children.indices where root.children[index].name != "EventBridgeConfiguration" {
            entries.append(try Self.check(&root.children[index], makeID: makeID))
        }
        if entries.count > Self.maximumCount { throw .tooManyNotificationConfigurations }
        for (index, entry) in entries.enumerated() where entries[..<index].contains(where: entry.overlaps) {
            throw .overlappingNotifications
        }
        self.destinations = entries.map(\.destination)
        self.document = root.document()
    }

    private struct Entry {
        var destination: Destination
        var events: [String]
        var prefix: String
        var suffix: String

        /// NTF-5
        func overlaps(_ other: Entry) -> Bool {
            guard self.events.contains(where: { event in other.events.contains { Self.share(event, $0) } }) else {
                return false
            }
            let prefixes = self.prefix.hasPrefix(other.prefix) || other.prefix.hasPrefix(self.prefix)
            let suffixes = self.suffix.hasSuffix(other.suffix) || other.suffix.hasSuffix(self.suffix)
            return prefixes && suffixes
        }

        /// Whether some event is of both types.
        private static func share(_ first: String, _ second: String) -> Bool {
            if first == second { return true }
            if first.hasSuffix(":*") { return second.hasPrefix(first.dropLast()) }
            return second.hasSuffix(":*") && first.hasPrefix(second.dropLast())
        }
    }

    private static func check(_ node: inout XMLNode, makeID: () -> String) throws(S3Error) -> Entry {
        guard let kind = Destination.Kind.allCases.first(where: { node[$0.rawValue] != nil }) else {
            throw .malformedXML
        }
        let arn = node.text(of: kind.rawValue) ?? ""
        try self.checkARN(arn, of: kind)
        let events = node.children(named: "Event").map(\.text)
        guard events.allSatisfy({ self.events.contains($0) }) else { throw .unsupportedEvent }
        var entry = Entry(destination: Destination(kind: kind, arn: arn), events: events, prefix: "", suffix: "")
        try self.readFilter(of: &node, into: &entry)
        if (node.text(of: "Id") ?? "").isEmpty {
            node.children.removeAll { $0.name == "Id" }
            node.children.insert(XMLNode(name: "Id", text: makeID()), at: 0)
        }
        return entry
    }

    /// NTF-2: `arn:partition:service:region:account:name`.
    private static func checkARN(_ arn: String, of kind: Destination.Kind) throws(S3Error) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        let hasName = kind == .function ? parts.count >= 7 && parts[5] == "function" : parts.count == 6
        guard hasName, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == kind.service, !parts[3].isEmpty,
            !parts[4].isEmpty, parts.last?.isEmpty == false
        else {
            throw .invalidArgument("The ARN could not be parsed", name: kind.rawValue, value: arn)
        }
    }

    /// NTF-1, NTF-4: names in any case come back as `Prefix` and `Suffix`; each may stand once.
    private static func readFilter(of node: inout XMLNode, into entry: inout Entry) throws(S3Error) {
        guard let index = node.children.firstIndex(where: { $0.name == "Filter" }),
            !node.children[index].children.isEmpty
        else { return }
        var seen: Set<String> = []
        for rule in node.children[index].children[0].children.indices {
            let name = node.children[index].children[0].children[rule].text(of: "Name") ?? ""
            let value = node.children[index].children[0].children[rule].text(of: "Value") ?? ""
            switch name.lowercased() {
            case "prefix": entry.prefix = value
            case "suffix": entry.suffix = value
            default: throw .invalidFilterRuleName(name)
            }
            guard seen.insert(name.lowercased()).inserted else { throw .repeatedFilterRule(name.lowercased()) }
            let canonical = name.lowercased() == "prefix" ? "Prefix" : "Suffix"
            node.children[index].children[0].children[rule].children[0].text = canonical
        }
    }
}
