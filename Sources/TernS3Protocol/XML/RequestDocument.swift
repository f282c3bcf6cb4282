/// The XML body of a request, with S3's answers to what is wrong with it (spec rule ERR-10).
package enum RequestDocument {
    /// The largest configuration document that is read, in bytes. S3 names 1 MiB as its limit and tolerates more.
    package static let maximumByteCount = 4 << 20
    /// The limit that the error names, in bytes.
    package static let announcedByteCount = 1 << 20

    /// Parses a body whose root element must be one of `roots`.
    ///
    /// - Throws: `MissingRequestBodyError`, `MaxMessageLengthExceeded`, or `MalformedXML`.
    package static func parse(
        _ bytes: [UInt8],
        root roots: String...,
        maximumByteCount: Int = Self.maximumByteCount
    ) throws(S3Error) -> XMLNode {
        if bytes.isEmpty { throw .missingRequestBody }
        if bytes.count > maximumByteCount {
            throw .maxMessageLengthExceeded(maximum: min(maximumByteCount, self.announcedByteCount))
        }
        let node: XMLNode
        do {
            node = try XMLParser.parse(bytes, limits: XMLParser.Limits(byteCount: maximumByteCount))
        } catch {
            throw .malformedXML
        }
        guard roots.contains(node.name) else { throw .malformedXML }
        return node
    }
}

extension XMLNode {
    /// Refuses children that are not named, and all but `repeated` more than once (spec live-replication C-35).
    func requireOnly(_ single: [String], repeated: [String] = []) throws(S3Error) {
        var seen: Set<String> = []
        for child in self.children {
            if repeated.contains(child.name) { continue }
            guard single.contains(child.name), seen.insert(child.name).inserted else { throw .malformedXML }
        }
    }

    /// The text of a leaf element; one with children is malformed.
    package func leafText() throws(S3Error) -> String {
        if !self.children.isEmpty { throw .malformedXML }
        return self.text
    }

    /// The text of the child leaf of this name, `nil` if there is none.
    package func leafText(of name: String) throws(S3Error) -> String? {
        try self[name]?.leafText()
    }

    /// The integer of the child leaf, which may have blanks around it; `nil` if there is none.
    package func integer(of name: String) throws(S3Error) -> Int? {
        guard let text = try self.leafText(of: name) else { return nil }
        guard let number = Int(text.filter { !$0.isWhitespace }) else { throw .malformedXML }
        return number
    }

    /// `true` or `false`; `nil` if there is no such child.
    func boolean(of name: String) throws(S3Error) -> Bool? {
        switch try self.leafText(of: name) {
        case nil: nil
        case "true": true
        case "false": false
        default: throw .malformedXML
        }
    }
}
