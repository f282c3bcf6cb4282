/// The document of PutBucketNotificationConfiguration (spec s3-api §13.1).
package struct NotificationConfigurationXML: Sendable {
    /// One destination of events.
    package struct Destination: Hashable, Sendable {
        package enum Kind: String, Sendable, CaseIterable {
            case topic = "Topic"
            case queue = "Queue"
            case function = "CloudFunction"

            /// As people call it.
            package var noun: String {
                switch self {
                case .topic: "topic"
                case .queue: "queue"
                case .function: "Lambda function"
                }
            }

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

        /// NTF-7: S3 does not send to those.
        package var isFIFO: Bool { self.kind != .function && self.arn.hasSuffix(".fifo") }
    }

    /// In the order of the document; the EventBridge of the account is not among them.
    package private(set) var destinations: [Destination] = []
    /// What it means for events.
    package private(set) var rules = NotificationRules(rules: [], sendsToEventBridge: false)
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
        self.rules = NotificationRules(
            rules: entries.map(\.rule), sendsToEventBridge: root["EventBridgeConfiguration"] != nil)
        self.document = root.document()
    }

    /// The events of a document that was checked before it was kept.
    package static func rules(stored document: [UInt8]) throws(S3Error) -> NotificationRules {
        // Every configuration got its ID then.
        try Self(decoding: document, makeID: { "" }).rules
    }

    private struct Entry {
        var id = ""
        var destination: Destination
        var types: S3EventTypes
        var prefix: String
        var suffix: String

        var rule: NotificationRules.Rule {
            NotificationRules.Rule(
                id: self.id, arn: self.destination.arn, kind: self.destination.kind, types: self.types,
                prefix: .init(self.prefix), suffix: .init(self.suffix))
        }

        /// NTF-5
        func overlaps(_ other: Entry) -> Bool {
            guard self.types.intersects(other.types) else { return false }
            let prefixes = self.prefix.hasPrefix(other.prefix) || other.prefix.hasPrefix(self.prefix)
            let suffixes = self.suffix.hasSuffix(other.suffix) || other.suffix.hasSuffix(self.suffix)
            return prefixes && suffixes
        }
    }

    private static func check(_ node: inout XMLNode, makeID: () -> String) throws(S3Error) -> Entry {
        guard let kind = Destination.Kind.allCases.first(where: { node[$0.rawValue] != nil }) else {
            throw .malformedXML
        }
        let arn = node.text(of: kind.rawValue) ?? ""
        try self.checkARN(arn, of: kind)
        var types = S3EventTypes()
        for event in node.children(named: "Event") {
            guard let named = S3EventType.types(named: event.text) else { throw .unsupportedEvent }
            types.formUnion(named)
        }
        var entry = Entry(destination: Destination(kind: kind, arn: arn), types: types, prefix: "", suffix: "")
        try self.readFilter(of: &node, into: &entry)
        if (node.text(of: "Id") ?? "").isEmpty {
            node.children.removeAll { $0.name == "Id" }
            node.children.insert(XMLNode(name: "Id", text: makeID()), at: 0)
        }
        entry.id = node.text(of: "Id") ?? ""
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
