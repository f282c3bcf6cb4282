package import TernCore

/// A bucket's notification configuration, ready for the question that each write asks (spec s3-api §13.1).
package struct NotificationRules: Sendable {
    /// One configuration: which events go where.
    package struct Rule: Sendable, Hashable {
        package var id: String
        package var arn: String
        package var kind: NotificationConfigurationXML.Destination.Kind
        package var types: S3EventTypes
        package var prefix: KeyAffix
        package var suffix: KeyAffix

        func matches(_ type: S3EventType, key: ObjectKey) -> Bool {
            self.types.contains(type) && self.prefix.begins(key.bytes) && self.suffix.ends(key.bytes)
        }
    }

    /// The beginning or end that keys must have. It may be given as it is, or URL-encoded (NTF-1), so both are tried.
    package struct KeyAffix: Sendable, Hashable {
        private var raw: [UInt8]
        /// `nil` where decoding changes nothing, or fails.
        private var decoded: [UInt8]?

        package init(_ text: String) {
            self.raw = Array(text.utf8)
            let decoded = PercentEncoding.decode(self.raw, plusIsSpace: true)
            self.decoded = decoded == self.raw ? nil : decoded
        }

        func begins(_ key: [UInt8]) -> Bool {
            key.starts(with: self.raw) || self.decoded.map { key.starts(with: $0) } ?? false
        }

        func ends(_ key: [UInt8]) -> Bool {
            key.suffix(self.raw.count).elementsEqual(self.raw)
                || self.decoded.map { key.suffix($0.count).elementsEqual($0) } ?? false
        }
    }

    /// In the order of the document.
    package let rules: [Rule]
    /// Whether all events go to the EventBridge as well.
    package let sendsToEventBridge: Bool
    private let types: S3EventTypes

    package init(rules: [Rule], sendsToEventBridge: Bool) {
        self.rules = rules
        self.sendsToEventBridge = sendsToEventBridge
        var types = S3EventTypes()
        for rule in rules { types.formUnion(rule.types) }
        if sendsToEventBridge { types.formUnion(S3EventTypes(S3EventType.allCases.filter { $0.detailType != nil })) }
        self.types = types
    }

    /// Whether an event of the type can go anywhere at all, whatever its key.
    package func mayWant(_ type: S3EventType) -> Bool { self.types.contains(type) }

    /// Calls `body` for each place where the event goes: with a rule, or with `nil` for the EventBridge.
    package func forEachDestination<Failure>(
        of type: S3EventType, key: ObjectKey, _ body: (Rule?) throws(Failure) -> Void
    ) throws(Failure) {
        guard self.types.contains(type) else { return }
        for rule in self.rules where rule.matches(type, key: key) { try body(rule) }
        if self.sendsToEventBridge, type.detailType != nil { try body(nil) }
    }

    /// What stands for the ARN of a target where events go to the EventBridge of the region.
    package static let eventBridgeTarget = "eventbridge"
}
