import TernCore
package import TernLifecycle

/// The XML of GetBucketLifecycleConfiguration and PutBucketLifecycleConfiguration (spec s3-api §11.3).
///
/// Reading checks the shape; `LifecycleConfiguration.validated` the meaning. Writing gives every rule back in the form in
/// which it came, because clients compare them element by element.
package enum LifecycleConfigurationXML {
    // MARK: Reading

    /// Reads a client's document.
    ///
    /// - Throws: `MissingRequestBodyError`, `MaxMessageLengthExceeded`, or `MalformedXML`.
    package static func decode(_ bytes: [UInt8]) throws(S3Error) -> [LifecycleRule] {
        try self.rules(RequestDocument.parse(bytes, root: "LifecycleConfiguration"), stored: false)
    }

    /// Reads a document that ``encodeStored(_:)`` wrote.
    package static func decodeStored(_ bytes: [UInt8]) throws(S3Error) -> LifecycleConfiguration {
        let root = try RequestDocument.parse(bytes, root: "LifecycleConfiguration")
        let minimum = TransitionMinimumSize(rawValue: try root.leafText(of: self.minimumSizeElement) ?? "")
        return LifecycleConfiguration(
            rules: try self.rules(root, stored: true), minimumSize: minimum ?? .allStorageClasses128K)
    }

    /// What the header says is kept in the stored document, under a name that no client's document has.
    private static let minimumSizeElement = "TransitionDefaultMinimumObjectSize"

    private static func rules(_ root: XMLNode, stored: Bool) throws(S3Error) -> [LifecycleRule] {
        try root.requireOnly(stored ? [self.minimumSizeElement] : [], repeated: ["Rule"])
        let nodes = root.children(named: "Rule")
        guard (1...LifecycleConfiguration.maximumRuleCount).contains(nodes.count) else { throw .malformedXML }
        var rules: [LifecycleRule] = []
        for node in nodes { rules.append(try self.rule(node)) }
        return rules
    }

    private static func rule(_ node: XMLNode) throws(S3Error) -> LifecycleRule {
        try node.requireOnly(
            [
                "ID", "Status", "Prefix", "Filter", "Expiration", "NoncurrentVersionExpiration",
                "AbortIncompleteMultipartUpload",
            ],
            repeated: ["Transition", "NoncurrentVersionTransition"])
        var rule = LifecycleRule(id: try node.leafText(of: "ID") ?? "")
        switch try node.leafText(of: "Status") {
        case "Enabled": rule.isEnabled = true
        case "Disabled": rule.isEnabled = false
        default: throw .malformedXML
        }
        rule.prefix = try node.leafText(of: "Prefix")
        if let filter = node["Filter"] { rule.filter = try self.filter(filter) }
        // Exactly one of both forms.
        guard (rule.prefix == nil) != (rule.filter == nil) else { throw .malformedXML }
        if let child = node["Expiration"] { rule.expiration = try self.expiration(child) }
        for child in node.children(named: "Transition") {
            try child.requireOnly(["Days", "Date", "StorageClass"])
            guard let time = try self.time(child) else { throw .malformedXML }
            rule.transitions.append(LifecycleRule.Transition(time, to: try self.storageClass(child)))
        }
        if let child = node["NoncurrentVersionExpiration"] {
            try child.requireOnly(["NoncurrentDays", "NewerNoncurrentVersions"])
            guard let days = try child.integer(of: "NoncurrentDays") else { throw .malformedXML }
            rule.noncurrentExpiration = LifecycleRule.NoncurrentExpiration(
                noncurrentDays: days, newerNoncurrentVersions: try child.integer(of: "NewerNoncurrentVersions"))
        }
        for child in node.children(named: "NoncurrentVersionTransition") {
            try child.requireOnly(["NoncurrentDays", "NewerNoncurrentVersions", "StorageClass"])
            guard let days = try child.integer(of: "NoncurrentDays") else { throw .malformedXML }
            rule.noncurrentTransitions.append(
                LifecycleRule.NoncurrentTransition(
                    noncurrentDays: days, newerNoncurrentVersions: try child.integer(of: "NewerNoncurrentVersions"),
                    to: try self.storageClass(child)))
        }
        if let child = node["AbortIncompleteMultipartUpload"] {
            try child.requireOnly(["DaysAfterInitiation"])
            guard let days = try child.integer(of: "DaysAfterInitiation") else { throw .malformedXML }
            rule.abortDaysAfterInitiation = days
        }
        return rule
    }

    private static func filter(_ node: XMLNode) throws(S3Error) -> LifecycleFilter {
        guard let and = node["And"] else {
            let filter = try self.predicates(node)
            // Several predicates need an `And`; none selects everything.
            guard filter.predicateCount <= 1 else { throw .malformedXML }
            return filter
        }
        guard node.children.count == 1 else { throw .malformedXML }
        var filter = try self.predicates(and)
        guard filter.predicateCount >= 2 else { throw .malformedXML }
        filter.isConjunction = true
        return filter
    }

    private static func predicates(_ node: XMLNode) throws(S3Error) -> LifecycleFilter {
        try node.requireOnly(["Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan"], repeated: ["Tag"])
        var filter = LifecycleFilter(prefix: try node.leafText(of: "Prefix"))
        for child in node.children(named: "Tag") {
            try child.requireOnly(["Key", "Value"])
            guard let key = try child.leafText(of: "Key"), let value = try child.leafText(of: "Value") else {
                throw .malformedXML
            }
            filter.tags.append(Tag(key: key, value: value))
        }
        filter.sizeGreaterThan = try self.size(node, "ObjectSizeGreaterThan")
        filter.sizeLessThan = try self.size(node, "ObjectSizeLessThan")
        return filter
    }

    private static func size(_ node: XMLNode, _ name: String) throws(S3Error) -> Int64? {
        guard let size = try node.integer(of: name) else { return nil }
        if size < 0 { throw .malformedXML }
        return Int64(size)
    }

    private static func expiration(_ node: XMLNode) throws(S3Error) -> LifecycleRule.Expiration {
        try node.requireOnly(["Days", "Date", "ExpiredObjectDeleteMarker"])
        let time = try self.time(node)
        let marker = try node.boolean(of: "ExpiredObjectDeleteMarker")
        switch (time, marker) {
        case (.some(let time), nil): return .at(time)
        case (nil, .some(let flag)): return .expiredObjectDeleteMarker(flag)
        case (nil, nil), (.some, .some): throw .malformedXML
        }
    }

    private static func time(_ node: XMLNode) throws(S3Error) -> LifecycleTime? {
        let days = try node.integer(of: "Days")
        guard let text = try node.leafText(of: "Date") else { return days.map { .days($0) } }
        let trimmed = text.filter { !$0.isWhitespace }
        // Some clients write the date alone.
        guard days == nil, let date = Timestamp(iso8601: trimmed) ?? Timestamp(iso8601: trimmed + "T00:00:00Z") else {
            throw .malformedXML
        }
        return .date(date)
    }

    private static func storageClass(_ node: XMLNode) throws(S3Error) -> StorageClass {
        guard let text = try node.leafText(of: "StorageClass"), let value = StorageClass(rawValue: text),
            value != .standard, value != .reducedRedundancy
        else { throw .malformedXML }
        return value
    }

    // MARK: Writing

    /// The document that a GET returns.
    package static func encode(_ configuration: LifecycleConfiguration) -> [UInt8] {
        self.encode(configuration, stored: false)
    }

    /// The document that is kept.
    package static func encodeStored(_ configuration: LifecycleConfiguration) -> [UInt8] {
        self.encode(configuration, stored: true)
    }

    private static func encode(_ configuration: LifecycleConfiguration, stored: Bool) -> [UInt8] {
        var writer = XMLWriter(capacity: 256 + configuration.rules.count * 384)
        writer.openRoot("LifecycleConfiguration")
        for rule in configuration.rules { self.write(rule, to: &writer) }
        if stored { writer.element(dynamic: self.minimumSizeElement, configuration.minimumSize.rawValue) }
        writer.close("LifecycleConfiguration")
        return writer.finish()
    }

    private static func write(_ rule: LifecycleRule, to writer: inout XMLWriter) {
        writer.open("Rule")
        writer.element("ID", rule.id)
        writer.element("Prefix", ifPresent: rule.prefix)
        if let filter = rule.filter { self.write(filter, to: &writer) }
        writer.element("Status", rule.isEnabled ? "Enabled" : "Disabled")
        for transition in rule.transitions {
            writer.open("Transition")
            self.write(transition.time, to: &writer)
            writer.element("StorageClass", transition.storageClass.rawValue)
            writer.close("Transition")
        }
        switch rule.expiration {
        case .at(let time)?:
            writer.open("Expiration")
            self.write(time, to: &writer)
            writer.close("Expiration")
        case .expiredObjectDeleteMarker(let flag)?:
            writer.open("Expiration")
            writer.element("ExpiredObjectDeleteMarker", flag)
            writer.close("Expiration")
        case nil:
            break
        }
        for transition in rule.noncurrentTransitions {
            writer.open("NoncurrentVersionTransition")
            writer.element("NoncurrentDays", transition.noncurrentDays)
            if let count = transition.newerNoncurrentVersions { writer.element("NewerNoncurrentVersions", count) }
            writer.element("StorageClass", transition.storageClass.rawValue)
            writer.close("NoncurrentVersionTransition")
        }
        if let expiration = rule.noncurrentExpiration {
            writer.open("NoncurrentVersionExpiration")
            writer.element("NoncurrentDays", expiration.noncurrentDays)
            if let count = expiration.newerNoncurrentVersions { writer.element("NewerNoncurrentVersions", count) }
            writer.close("NoncurrentVersionExpiration")
        }
        if let days = rule.abortDaysAfterInitiation {
            writer.open("AbortIncompleteMultipartUpload")
            writer.element("DaysAfterInitiation", days)
            writer.close("AbortIncompleteMultipartUpload")
        }
        writer.close("Rule")
    }

    private static func write(_ time: LifecycleTime, to writer: inout XMLWriter) {
        switch time {
        case .days(let days): writer.element("Days", days)
        case .date(let date): writer.element("Date", date)
        }
    }

    private static func write(_ filter: LifecycleFilter, to writer: inout XMLWriter) {
        if filter.predicateCount == 0 {
            writer.empty("Filter")
            return
        }
        writer.open("Filter")
        if filter.isConjunction { writer.open("And") }
        writer.element("Prefix", ifPresent: filter.prefix)
        for tag in filter.tags {
            writer.open("Tag")
            writer.element("Key", tag.key)
            writer.element("Value", tag.value)
            writer.close("Tag")
        }
        if let size = filter.sizeGreaterThan { writer.element("ObjectSizeGreaterThan", size) }
        if let size = filter.sizeLessThan { writer.element("ObjectSizeLessThan", size) }
        if filter.isConjunction { writer.close("And") }
        writer.close("Filter")
    }
}
