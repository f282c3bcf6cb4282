package import TernCore
package import TernPorts

/// The parameters of a request of the Query protocol, from its form or its URL (IAM-1).
package struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    package init(_ values: [String: String]) { self.values = values }

    /// - Throws: `MalformedInput` for what is no form.
    package init(head: HTTPRequestHead, body: [UInt8]) throws(ControlError) {
        var texts: [ArraySlice<UInt8>] = []
        if let mark = head.target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            texts.append(Array(head.target.utf8[head.target.utf8.index(after: mark)...])[...])
        }
        texts.append(body[...])
        for text in texts where !text.isEmpty {
            for pair in text.split(separator: UInt8(ascii: "&")) {
                let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard let name = PercentEncoding.decodeText(parts[0], plusIsSpace: true),
                    let value = PercentEncoding.decodeText(parts.count == 2 ? parts[1] : [], plusIsSpace: true)
                else {
                    throw ControlError("MalformedInput", status: 400, message: "The request cannot be read.")
                }
                self.values[name] = value
            }
        }
    }

    /// All of them, by their names.
    var all: [String: String] { self.values }

    package subscript(name: String) -> String? { self.values[name] }

    /// - Throws: `ValidationError` for one that is missing.
    package func required(_ name: String) throws(ControlError) -> String {
        guard let value = self.values[name] else {
            let member = name.prefix(1).lowercased() + name.dropFirst()
            throw .validation(member, nil, "Member must not be null")
        }
        return value
    }

    /// The values of `name.member.1`, `name.member.2`…
    package func list(_ name: String) -> [String] {
        var list: [String] = []
        while let value = self.values["\(name).member.\(list.count + 1)"] { list.append(value) }
        return list
    }

    /// The members of structures `name.member.N.FIELD`, by field; those that have at least one of the fields.
    package func structures(_ name: String, _ fields: [String]) -> [[String: String]] {
        var list: [[String: String]] = []
        while true {
            var found: [String: String] = [:]
            for field in fields { found[field] = self.values["\(name).member.\(list.count + 1).\(field)"] }
            if found.isEmpty { return list }
            list.append(found)
        }
    }

    /// The tags of `Tags.member.N`.
    ///
    /// - Throws: `ValidationError` for a tag without key or value.
    package func tags(_ name: String = "Tags") throws(ControlError) -> [Tag] {
        var tags: [Tag] = []
        for found in self.structures(name, ["Key", "Value"]) {
            let place = "tags.\(tags.count + 1).member"
            guard let key = found["Key"] else { throw .validation("\(place).key", nil, "Member must not be null") }
            guard let value = found["Value"] else {
                throw .validation("\(place).value", nil, "Member must not be null")
            }
            tags.append(Tag(key: key, value: value))
        }
        return tags
    }
}

extension ControlError {
    /// As IAM and STS word it.
    package static func validation(_ member: String, _ value: String?, _ constraint: String) -> ControlError {
        let shown = value.map { "Value '\($0)'" } ?? "Value null"
        return ControlError(
            "ValidationError", status: 400,
            message: "1 validation error detected: \(shown) at '\(member)' failed to satisfy constraint: \(constraint)")
    }
}
