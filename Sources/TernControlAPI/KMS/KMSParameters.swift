import TernControlPlane
import TernCore
import TernPorts

/// The members of a request to KMS, checked as the service model says. Members that it does not know are ignored, as by
/// AWS.
struct KMSParameters: Sendable {
    private let json: JSONValue

    /// - Throws: `SerializationException` for what is no JSON object.
    init(_ body: [UInt8]) throws(KeyServiceError) {
        if body.isEmpty {
            self.json = .object([])
            return
        }
        guard let json = try? JSONParser.parse(body, maximumDepth: 8), case .object = json else {
            throw Self.serialization("The request is no JSON object.")
        }
        self.json = json
    }

    private init(_ json: JSONValue) { self.json = json }

    private static func serialization(_ message: String) -> KeyServiceError {
        KeyServiceError(code: "SerializationException", message: message)
    }

    private static func wrongType(_ name: String) -> KeyServiceError {
        self.serialization("The member \(name) has a value of another type.")
    }

    private func value(_ name: String) -> JSONValue? {
        guard let value = self.json[name], value != .null else { return nil }
        return value
    }

    /// As validation errors call a member: the first letter is small.
    private static func shown(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

    private static func missing(_ name: String) -> KeyServiceError {
        .validation(
            "1 validation error detected: Value null at '\(self.shown(name))' failed to satisfy constraint: Member must "
                + "not be null")
    }

    // MARK: Texts

    func text(_ name: String, length: ClosedRange<Int>) throws(KeyServiceError) -> String? {
        guard let value = self.value(name) else { return nil }
        guard let text = value.string else { throw Self.wrongType(name) }
        try Self.check(text.unicodeScalars.count, length, name, what: "length")
        return text
    }

    func required(_ name: String, length: ClosedRange<Int>) throws(KeyServiceError) -> String {
        guard let text = try self.text(name, length: length) else { throw Self.missing(name) }
        return text
    }

    func keyID(_ name: String = "KeyId") throws(KeyServiceError) -> String {
        try self.required(name, length: 1...2048)
    }

    /// One of a few words.
    func word(_ name: String, of words: [String]) throws(KeyServiceError) -> String? {
        guard let value = self.value(name) else { return nil }
        guard let text = value.string else { throw Self.wrongType(name) }
        guard words.contains(text) else {
            throw .constraint(
                Self.shown(name), "satisfy enum value set: [\(words.joined(separator: ", "))]", value: text)
        }
        return text
    }

    private static func check(
        _ count: Int, _ range: ClosedRange<Int>, _ name: String, what: String, value: String? = nil
    ) throws(KeyServiceError) {
        if count < range.lowerBound {
            throw .constraint(
                self.shown(name), "have \(what) greater than or equal to \(range.lowerBound)", value: value)
        }
        if count > range.upperBound {
            throw .constraint(self.shown(name), "have \(what) less than or equal to \(range.upperBound)", value: value)
        }
    }

    // MARK: Numbers, flags, bytes

    func integer(_ name: String, in range: ClosedRange<Int>) throws(KeyServiceError) -> Int? {
        guard let value = self.value(name) else { return nil }
        guard case .number(let text) = value, let number = Int(text) else { throw Self.wrongType(name) }
        try Self.check(number, range, name, what: "value", value: text)
        return number
    }

    func flag(_ name: String) throws(KeyServiceError) -> Bool {
        guard let value = self.value(name) else { return false }
        guard case .boolean(let flag) = value else { throw Self.wrongType(name) }
        return flag
    }

    func blob(_ name: String, length: ClosedRange<Int>) throws(KeyServiceError) -> [UInt8] {
        guard let value = self.value(name) else { throw Self.missing(name) }
        guard let text = value.string, let bytes = Base64.decode(text) else { throw Self.wrongType(name) }
        try Self.check(bytes.count, length, name, what: "length")
        return bytes
    }

    // MARK: Lists and maps

    func texts(
        _ name: String, length: ClosedRange<Int>, count: ClosedRange<Int> = 0...Int.max
    ) throws(KeyServiceError) -> [String]? {
        guard let value = self.value(name) else { return nil }
        guard case .array = value, let texts = value.strings else { throw Self.wrongType(name) }
        try Self.check(texts.count, count, name, what: "length")
        for text in texts { try Self.check(text.unicodeScalars.count, length, name, what: "length") }
        return texts
    }

    func map(_ name: String) throws(KeyServiceError) -> [String: String]? {
        guard let value = self.value(name) else { return nil }
        guard case .object(let members) = value else { throw Self.wrongType(name) }
        var map: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else { throw Self.wrongType(name) }
            // Names that Swift takes for equal and whose bytes differ cannot both be kept.
            guard map.updateValue(text, forKey: member.name) == nil else { throw Self.wrongType(name) }
        }
        return map
    }

    func structure(_ name: String) throws(KeyServiceError) -> KMSParameters? {
        guard let value = self.value(name) else { return nil }
        guard case .object = value else { throw Self.wrongType(name) }
        return KMSParameters(value)
    }

    func tags(_ name: String = "Tags") throws(KeyServiceError) -> [Tag]? {
        guard let value = self.value(name) else { return nil }
        guard case .array(let values) = value else { throw Self.wrongType(name) }
        var tags: [Tag] = []
        for value in values {
            guard case .object = value else { throw Self.wrongType(name) }
            let members = KMSParameters(value)
            let key = try members.required("TagKey", length: 1...128)
            tags.append(Tag(key: key, value: try members.required("TagValue", length: 0...256)))
        }
        return tags
    }

    /// What lists take.
    func page(standardLimit: Int) throws(KeyServiceError) -> KeyPageRequest {
        KeyPageRequest(
            limit: try self.integer("Limit", in: 1...1000) ?? standardLimit,
            marker: try self.text("Marker", length: 1...1024))
    }

    /// Refuses what this KMS cannot do.
    func refuse(_ names: String..., why: String) throws(KeyServiceError) {
        for name in names where self.value(name) != nil { throw .unsupported("\(name) is not supported: \(why)") }
    }
}
