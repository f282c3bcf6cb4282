/// Reads the small XML documents of requests, and refuses everything in XML that can hurt a server.
///
/// There are no document types, no entities beyond XML's own five, no processing instructions, and hard limits on size,
/// depth and number of nodes; time and memory are linear in the input. Comments are skipped, CDATA is text, namespaces
/// are dropped by taking local names.
///
/// Source: W3C, "Extensible Markup Language (XML) 1.0", fifth edition; spec rule ERR-11.
package struct XMLParser {
    package struct Limits: Hashable, Sendable {
        /// The largest document, in bytes.
        package var byteCount: Int
        /// How deep elements may nest; the root is at depth 1.
        package var depth: Int
        /// Elements and attributes together.
        package var nodeCount: Int

        package init(byteCount: Int = 4 << 20, depth: Int = 32, nodeCount: Int = 200_000) {
            self.byteCount = byteCount
            self.depth = depth
            self.nodeCount = nodeCount
        }
    }

    private let input: [UInt8]
    private let limits: Limits
    private var index = 0
    private var nodeCount = 0

    /// Parses one document.
    ///
    /// - Throws: The first fault in document order.
    package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(XMLError) -> XMLNode {
        if bytes.count > limits.byteCount { throw XMLError(.tooLarge, offset: limits.byteCount) }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw XMLError(.notUTF8, offset: 0) }
        var parser = XMLParser(input: bytes, limits: limits)
        return try parser.document()
    }

    private init(input: [UInt8], limits: Limits) {
        self.input = input
        self.limits = limits
    }

    // MARK: Document

    /// An element whose end tag has not come yet.
    private struct OpenElement {
        /// With its prefix, as the end tag must repeat it.
        var qualifiedName: ArraySlice<UInt8>
        var node: XMLNode
        var text: [UInt8] = []

        consuming func closed() -> XMLNode {
            self.node.text = String(decoding: self.text, as: UTF8.self)
            return self.node
        }
    }

    private mutating func document() throws(XMLError) -> XMLNode {
        if self.input.starts(with: [0xEF, 0xBB, 0xBF]) { self.index = 3 }
        if self.hasPrefix("<?xml"), self.isBlank(at: self.index + 5) { try self.declaration() }
        try self.misc()
        guard self.index < self.input.count else { throw self.error(.empty) }
        let root = try self.rootElement()
        try self.misc()
        if self.index < self.input.count { throw self.error(.malformed) }
        return root
    }

    /// `<?xml … ?>`, which may name no encoding but UTF-8.
    private mutating func declaration() throws(XMLError) {
        let start = self.index
        guard let end = self.find("?>") else { throw self.error(.malformed) }
        if self.says("encoding", in: start..<end), !self.says("utf-8", in: start..<end),
            !self.says("us-ascii", in: start..<end)
        {
            throw self.error(.notUTF8)
        }
        self.index = end + 2
    }

    /// Whether a word is there, in capital letters or small ones; `word` is in small ones.
    private func says(_ word: StaticString, in range: Range<Int>) -> Bool {
        word.withUTF8Buffer { word in
            guard range.count >= word.count else { return false }
            return (range.lowerBound...(range.upperBound - word.count)).contains { start in
                word.indices.allSatisfy { offset in
                    let byte = self.input[start + offset]
                    return word[offset] == (65...90 ~= byte ? byte | 0x20 : byte)
                }
            }
        }
    }

    /// Blanks and comments around the root element.
    private mutating func misc() throws(XMLError) {
        while true {
            self.skipBlanks()
            guard self.hasPrefix("<!") || self.hasPrefix("<?") else { return }
            guard self.hasPrefix("<!--") else { throw self.markupError() }
            try self.comment()
        }
    }

    private mutating func rootElement() throws(XMLError) -> XMLNode {
        var open: [OpenElement] = []
        while true {
            if let element = try self.step(depth: open.count, into: &open) { return element }
        }
    }

    /// Reads the next tag, comment or run of text. Returns the root once it is closed.
    private mutating func step(depth: Int, into open: inout [OpenElement]) throws(XMLError) -> XMLNode? {
        guard self.index < self.input.count else { throw self.error(.malformed) }
        guard self.input[self.index] == UInt8(ascii: "<") else {
            guard depth > 0 else { throw self.error(.malformed) }
            try self.characterData(into: &open[depth - 1].text)
            return nil
        }
        if self.hasPrefix("</") {
            guard depth > 0 else { throw self.error(.malformed) }
            let element = open.removeLast()
            try self.endTag(of: element)
            return self.attach(element.closed(), to: &open)
        }
        if self.hasPrefix("<!--") {
            try self.comment()
            return nil
        }
        if self.hasPrefix("<![CDATA[") {
            guard depth > 0 else { throw self.error(.malformed) }
            try self.cdata(into: &open[depth - 1].text)
            return nil
        }
        if self.hasPrefix("<!") || self.hasPrefix("<?") { throw self.markupError() }
        if depth >= self.limits.depth { throw self.error(.tooDeep) }
        let (element, isEmpty) = try self.startTag()
        if isEmpty { return self.attach(element.closed(), to: &open) }
        open.append(element)
        return nil
    }

    /// Gives a closed element to its parent, or returns it if it is the root.
    private func attach(_ node: XMLNode, to open: inout [OpenElement]) -> XMLNode? {
        if open.isEmpty { return node }
        open[open.count - 1].node.children.append(node)
        return nil
    }

    // MARK: Tags

    private mutating func startTag() throws(XMLError) -> (OpenElement, isEmpty: Bool) {
        self.index += 1
        let qualifiedName = try self.name()
        var node = XMLNode(name: Self.localName(qualifiedName))
        try self.countNode()
        while true {
            let hadBlank = self.skipBlanks()
            guard self.index < self.input.count else { throw self.error(.malformed) }
            if self.hasPrefix("/>") {
                self.index += 2
                return (OpenElement(qualifiedName: qualifiedName, node: node), true)
            }
            if self.input[self.index] == UInt8(ascii: ">") {
                self.index += 1
                return (OpenElement(qualifiedName: qualifiedName, node: node), false)
            }
            guard hadBlank else { throw self.error(.malformed) }
            if let attribute = try self.attribute() { node.attributes.append(attribute) }
        }
    }

    /// One attribute; `nil` for a namespace declaration.
    private mutating func attribute() throws(XMLError) -> XMLNode.Attribute? {
        let name = try self.name()
        try self.countNode()
        self.skipBlanks()
        guard self.index < self.input.count, self.input[self.index] == UInt8(ascii: "=") else {
            throw self.error(.malformed)
        }
        self.index += 1
        self.skipBlanks()
        guard self.index < self.input.count else { throw self.error(.malformed) }
        let quote = self.input[self.index]
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw self.error(.malformed) }
        self.index += 1
        var value: [UInt8] = []
        while self.index < self.input.count, self.input[self.index] != quote {
            let byte = self.input[self.index]
            switch byte {
            case UInt8(ascii: "<"): throw self.error(.malformed)
            case UInt8(ascii: "&"): try self.reference(into: &value)
            case 9, 10, 13:
                value.append(UInt8(ascii: " "))
                self.index += 1
            case 0..<32: throw self.error(.forbiddenCharacter)
            default:
                value.append(byte)
                self.index += 1
            }
        }
        guard self.index < self.input.count else { throw self.error(.malformed) }
        self.index += 1
        if name.elementsEqual("xmlns".utf8) || name.starts(with: "xmlns:".utf8) { return nil }
        return XMLNode.Attribute(name: Self.localName(name), value: String(decoding: value, as: UTF8.self))
    }

    private mutating func endTag(of element: borrowing OpenElement) throws(XMLError) {
        self.index += 2
        let name = try self.name()
        guard name == element.qualifiedName else { throw self.error(.malformed) }
        self.skipBlanks()
        guard self.index < self.input.count, self.input[self.index] == UInt8(ascii: ">") else {
            throw self.error(.malformed)
        }
        self.index += 1
    }

    /// A qualified name: anything but ASCII that has a meaning, and not beginning with a digit, `-` or `.`.
    private mutating func name() throws(XMLError) -> ArraySlice<UInt8> {
        let start = self.index
        while self.index < self.input.count, Self.isNameByte[Int(self.input[self.index])] { self.index += 1 }
        let name = self.input[start..<self.index]
        guard let first = name.first, !Self.isNameByteButNotFirst(first) else { throw self.error(.malformed) }
        if let colon = name.firstIndex(of: UInt8(ascii: ":")) {
            let local = name[(colon + 1)...]
            guard colon > start, !local.isEmpty, !local.contains(UInt8(ascii: ":")) else {
                throw self.error(.malformed)
            }
        }
        return name
    }

    private static func localName(_ qualifiedName: ArraySlice<UInt8>) -> String {
        guard let colon = qualifiedName.firstIndex(of: UInt8(ascii: ":")) else {
            return String(decoding: qualifiedName, as: UTF8.self)
        }
        return String(decoding: qualifiedName[(colon + 1)...], as: UTF8.self)
    }

    private mutating func countNode() throws(XMLError) {
        self.nodeCount += 1
        if self.nodeCount > self.limits.nodeCount { throw self.error(.tooManyNodes) }
    }

    // MARK: Content

    private mutating func characterData(into text: inout [UInt8]) throws(XMLError) {
        while self.index < self.input.count {
            let byte = self.input[self.index]
            switch byte {
            case UInt8(ascii: "<"):
                return
            case UInt8(ascii: "&"):
                try self.reference(into: &text)
            case UInt8(ascii: "]") where self.hasPrefix("]]>"):
                throw self.error(.malformed)
            case 13:
                self.lineEnd(into: &text)
            case 0..<9, 11, 12, 14..<32:
                throw self.error(.forbiddenCharacter)
            default:
                text.append(byte)
                self.index += 1
            }
        }
    }

    private mutating func cdata(into text: inout [UInt8]) throws(XMLError) {
        self.index += 9
        guard let end = self.find("]]>") else { throw self.error(.malformed) }
        while self.index < end {
            let byte = self.input[self.index]
            switch byte {
            case 13:
                self.lineEnd(into: &text)
            case 0..<9, 11, 12, 14..<32:
                throw self.error(.forbiddenCharacter)
            default:
                text.append(byte)
                self.index += 1
            }
        }
        self.index = end + 3
    }

    /// A line break of any kind is one line feed (XML 1.0 §2.11).
    private mutating func lineEnd(into text: inout [UInt8]) {
        self.index += 1
        if self.index < self.input.count, self.input[self.index] == 10 { self.index += 1 }
        text.append(10)
    }

    /// `&name;`, `&#1;` or `&#x1;`.
    ///
    /// References to control characters are let through, though XML 1.0 forbids them: keys may have such characters, and
    /// S3's own lists write them so (ERR-13).
    private mutating func reference(into text: inout [UInt8]) throws(XMLError) {
        let start = self.index + 1
        // The longest reference that makes sense is `#x10FFFF`; zeros in front may stretch it.
        guard let end = self.input[start..<min(start + 16, self.input.count)].firstIndex(of: UInt8(ascii: ";")) else {
            throw self.error(.malformed)
        }
        let body = self.input[start..<end]
        if body.first == UInt8(ascii: "#") {
            guard let scalar = Self.scalar(body.dropFirst()) else { throw self.error(.forbiddenCharacter) }
            text.append(contentsOf: String(Character(scalar)).utf8)
        } else {
            switch String(decoding: body, as: UTF8.self) {
            case "amp": text.append(UInt8(ascii: "&"))
            case "lt": text.append(UInt8(ascii: "<"))
            case "gt": text.append(UInt8(ascii: ">"))
            case "quot": text.append(UInt8(ascii: "\""))
            case "apos": text.append(UInt8(ascii: "'"))
            default: throw self.error(.undefinedEntity)
            }
        }
        self.index = end + 1
    }

    private static func scalar(_ digits: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let isHex = digits.first == UInt8(ascii: "x")
        let text = String(decoding: isHex ? digits.dropFirst() : digits, as: UTF8.self)
        // `UInt32` reads a sign as well.
        guard !text.isEmpty, !text.hasPrefix("+"), let value = UInt32(text, radix: isHex ? 16 : 10), value != 0 else {
            return nil
        }
        return Unicode.Scalar(value)
    }

    private mutating func comment() throws(XMLError) {
        self.index += 4
        guard let end = self.find("--") else { throw self.error(.malformed) }
        self.index = end
        guard self.hasPrefix("-->") else { throw self.error(.malformed) }
        self.index = end + 3
    }

    // MARK: Scanning

    /// What is wrong with markup that begins here with `<!` or `<?`.
    private func markupError() -> XMLError {
        if self.hasPrefix("<?") { return self.error(.processingInstruction) }
        return self.error(self.hasPrefix("<!DOCTYPE") ? .doctype : .malformed)
    }

    private func error(_ code: XMLError.Code) -> XMLError {
        XMLError(code, offset: self.index)
    }

    private func hasPrefix(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard self.index + count <= self.input.count else { return false }
        return text.withUTF8Buffer { prefix in
            for offset in 0..<count where self.input[self.index + offset] != prefix[offset] { return false }
            return true
        }
    }

    /// Where `text` next occurs.
    private func find(_ text: StaticString) -> Int? {
        let count = text.utf8CodeUnitCount
        return text.withUTF8Buffer { pattern in
            var candidate = self.index
            while candidate + count <= self.input.count {
                var matched = 0
                while matched < count, self.input[candidate + matched] == pattern[matched] { matched += 1 }
                if matched == count { return candidate }
                candidate += 1
            }
            return nil
        }
    }

    private func isBlank(at index: Int) -> Bool {
        index < self.input.count && Self.isBlank(self.input[index])
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = self.index
        while self.index < self.input.count, Self.isBlank(self.input[self.index]) { self.index += 1 }
        return self.index > start
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 32 || byte == 9 || byte == 10 || byte == 13
    }

    private static func isNameByteButNotFirst(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static let isNameByte: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:".utf8 {
            table[Int(byte)] = true
        }
        for byte in 128..<256 { table[byte] = true }
        return table
    }()
}
