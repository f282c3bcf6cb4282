/// The header fields of a message in the order received; names in lower case.
package struct HeaderFields: Sendable, Hashable {
    /// One field; `name` is in lower case, `value` is trimmed of surrounding blanks only by the HTTP parser.
    package struct Field: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var fields: [Field]

    package init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// Appends a field; the caller gives the name in lower case.
    package mutating func append(_ name: String, _ value: String) {
        self.fields.append(Field(name: name, value: value))
    }

    /// Replaces every field of the name by one.
    package mutating func set(_ name: String, _ value: String) {
        self.fields.removeAll { $0.name == name }
        self.fields.append(Field(name: name, value: value))
    }

    package mutating func remove(_ name: String) {
        self.fields.removeAll { $0.name == name }
    }

    /// The value of the first field with this name (lower case), or `nil`.
    package subscript(name: String) -> String? {
        for field in self.fields where field.name == name { return field.value }
        return nil
    }

    /// The values of all fields with this name, in order.
    package func values(_ name: String) -> [String] {
        self.fields.filter { $0.name == name }.map(\.value)
    }

    package func contains(_ name: String) -> Bool {
        self.fields.contains { $0.name == name }
    }
}
