/// The target of a request as the client wrote it, taken apart but not normalised (spec rules ADR-6 to ADR-8).
package struct RequestTarget: Sendable, Hashable {
    /// One query parameter, decoded. `value` is `nil` when there was no `=`.
    package struct QueryItem: Sendable, Hashable {
        package var name: String
        package var value: String?

        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    /// Everything before `?`, still percent-encoded.
    package let rawPath: String
    /// Everything behind the first `?`, still percent-encoded; empty if there is none.
    package let rawQuery: String
    /// The decoded parameters, in order.
    package let query: [QueryItem]

    /// `nil` when an escape in the query is broken or does not decode to UTF-8.
    package init?(_ target: String) {
        let bytes = target.utf8
        if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
            self.rawPath = String(target[..<mark])
            self.rawQuery = String(target[bytes.index(after: mark)...])
        } else {
            self.rawPath = target
            self.rawQuery = ""
        }
        var items: [QueryItem] = []
        for part in self.rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decodeText(halves[0], plusIsSpace: true) else { return nil }
            if halves.count == 2 {
                guard let value = PercentEncoding.decodeText(halves[1], plusIsSpace: true) else { return nil }
                items.append(QueryItem(name: name, value: value))
            } else {
                items.append(QueryItem(name: name, value: nil))
            }
        }
        self.query = items
    }

    /// Whether the parameter is there, with or without a value.
    package func has(_ name: String) -> Bool {
        self.query.contains { $0.name == name }
    }

    /// The parameter's value, `""` if it has none, `nil` if it is absent.
    package subscript(name: String) -> String? {
        for item in self.query where item.name == name { return item.value ?? "" }
        return nil
    }
}
