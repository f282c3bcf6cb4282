/// An element of a request document.
package struct XMLNode: Hashable, Sendable {
    package struct Attribute: Hashable, Sendable {
        /// The local name, without a prefix.
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The local name: namespaces and prefixes are ignored (spec rule ERR-11).
    package var name: String
    /// Without namespace declarations.
    package var attributes: [Attribute]
    package var children: [XMLNode]
    /// The element's own character data, untrimmed.
    package var text: String

    package init(name: String, attributes: [Attribute] = [], children: [XMLNode] = [], text: String = "") {
        self.name = name
        self.attributes = attributes
        self.children = children
        self.text = text
    }

    /// The first child element of this name.
    package subscript(name: String) -> XMLNode? {
        self.children.first { $0.name == name }
    }

    /// The text of the first child element of this name.
    package func text(of name: String) -> String? {
        self[name]?.text
    }

    package func children(named name: String) -> [XMLNode] {
        self.children.filter { $0.name == name }
    }

    package func attribute(_ name: String) -> String? {
        self.attributes.first { $0.name == name }?.value
    }
}
