/// What an element of a configuration document may hold.
///
/// The bucket's sub-resources are all alike in this: elements in any order, each a known number of times, leaves of a few
/// types. So their documents are checked by tables, and written back in the order of the table, whatever the client's
/// was. Elements that the table does not know are dropped (spec rule ERR-11).
package indirect enum ElementSchema: Sendable {
    /// Any text, also none.
    case text
    /// One character at least.
    case nonEmptyText
    case integer(ClosedRange<Int>)
    /// `true` or `false`.
    case boolean
    /// One of these, in their case.
    case choice([String])
    /// Child elements.
    case group([Member])

    /// One child of a ``group(_:)``.
    package struct Member: Sendable {
        package var name: String
        package var count: ClosedRange<Int>
        package var schema: ElementSchema

        /// An element that must be there once.
        package static func one(_ name: String, _ schema: ElementSchema) -> Member {
            Member(name: name, count: 1...1, schema: schema)
        }

        /// An element that may be there once.
        package static func optional(_ name: String, _ schema: ElementSchema) -> Member {
            Member(name: name, count: 0...1, schema: schema)
        }

        /// An element that may be there several times.
        package static func many(_ name: String, _ count: ClosedRange<Int>, _ schema: ElementSchema) -> Member {
            Member(name: name, count: count, schema: schema)
        }
    }

    /// The element in its normal form: known children, in the order of the table, without blanks between them.
    ///
    /// - Throws: `MalformedXML`.
    package func normalized(_ node: XMLNode) throws(S3Error) -> XMLNode {
        switch self {
        case .text:
            return XMLNode(name: node.name, text: try node.leafText())
        case .nonEmptyText:
            let text = try node.leafText()
            if text.isEmpty { throw .malformedXML }
            return XMLNode(name: node.name, text: text)
        case .integer(let range):
            guard let number = Int(try node.leafText().filter { !$0.isWhitespace }), range.contains(number) else {
                throw .malformedXML
            }
            return XMLNode(name: node.name, text: String(number))
        case .boolean:
            let text = try node.leafText()
            guard text == "true" || text == "false" else { throw .malformedXML }
            return XMLNode(name: node.name, text: text)
        case .choice(let values):
            let text = try node.leafText()
            guard values.contains(text) else { throw .malformedXML }
            return XMLNode(name: node.name, text: text)
        case .group(let members):
            var result = XMLNode(name: node.name)
            for member in members {
                let found = node.children(named: member.name)
                guard member.count.contains(found.count) else { throw .malformedXML }
                for child in found { result.children.append(try member.schema.normalized(child)) }
            }
            return result
        }
    }
}

extension XMLNode {
    /// This element as a document of its own, in S3's namespace.
    package func document() -> [UInt8] {
        var writer = XMLWriter(capacity: 1024)
        writer.root(self)
        return writer.finish()
    }
}

extension XMLWriter {
    /// Writes a root element in S3's namespace, with all that is in it.
    mutating func root(_ node: XMLNode) {
        self.openRoot(dynamic: node.name)
        self.content(of: node)
        self.close(dynamic: node.name)
    }

    /// Writes an element with all that is in it.
    package mutating func node(_ node: XMLNode) {
        self.open(dynamic: node.name)
        self.content(of: node)
        self.close(dynamic: node.name)
    }

    private mutating func content(of node: XMLNode) {
        if node.children.isEmpty { self.text(node.text) }
        for child in node.children { self.node(child) }
    }
}
