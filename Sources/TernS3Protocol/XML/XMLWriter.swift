package import TernCore

/// Writes a response document straight into bytes.
///
/// Lists of a thousand keys go through here, so that nothing builds a `String` and text is copied in runs between the
/// few bytes that need an escape. Elements are closed by the caller, in order; ``finish()`` checks that all are.
package struct XMLWriter: Sendable {
    /// The namespace of S3's documents (spec rule ERR-12).
    package static let namespace: StaticString = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []
    private var depth = 0

    /// Starts a document with its declaration.
    ///
    /// - Parameter capacity: The expected size in bytes.
    package init(capacity: Int = 1024) {
        self.bytes.reserveCapacity(capacity)
        self.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    }

    /// The document. All elements must be closed.
    package consuming func finish() -> [UInt8] {
        precondition(self.depth == 0, "an element is open")
        return self.bytes
    }

    // MARK: Structure

    /// Opens the root element, with S3's namespace or none.
    package mutating func openRoot(_ name: StaticString, namespace: Bool = true) {
        self.openRoot(name, namespace: namespace ? Self.namespace : nil)
    }

    /// Opens the root element in the namespace of another service.
    package mutating func openRoot(_ name: StaticString, namespace: StaticString?) {
        self.depth += 1
        self.bytes.append(UInt8(ascii: "<"))
        self.append(name)
        if let namespace {
            self.append(" xmlns=\"")
            self.append(namespace)
            self.append("\"")
        }
        self.bytes.append(UInt8(ascii: ">"))
    }

    package mutating func open(_ name: StaticString) {
        self.depth += 1
        self.bytes.append(UInt8(ascii: "<"))
        self.append(name)
        self.bytes.append(UInt8(ascii: ">"))
    }

    /// Opens an element with attributes, written as they are.
    package mutating func open(_ name: StaticString, attributes: StaticString) {
        self.depth += 1
        self.bytes.append(UInt8(ascii: "<"))
        self.append(name)
        self.bytes.append(UInt8(ascii: " "))
        self.append(attributes)
        self.bytes.append(UInt8(ascii: ">"))
    }

    package mutating func close(_ name: StaticString) {
        self.depth -= 1
        self.append("</")
        self.append(name)
        self.bytes.append(UInt8(ascii: ">"))
    }

    /// `<name/>`
    package mutating func empty(_ name: StaticString) {
        self.bytes.append(UInt8(ascii: "<"))
        self.append(name)
        self.append("/>")
    }

    // MARK: Leaf elements

    package mutating func element(_ name: StaticString, _ text: String) {
        self.startLeaf(name)
        self.text(text)
        self.endLeaf(name)
    }

    /// Writes the element if there is a text.
    package mutating func element(_ name: StaticString, ifPresent text: String?) {
        if let text { self.element(name, text) }
    }

    /// Writes raw UTF-8, such as an object key.
    package mutating func element(_ name: StaticString, bytes: [UInt8]) {
        self.startLeaf(name)
        self.text(bytes: bytes)
        self.endLeaf(name)
    }

    /// Writes bytes in the form of `encoding-type=url` (spec rule LST-3). No escape is needed behind it.
    package mutating func element(_ name: StaticString, urlEncoded bytes: [UInt8]) {
        self.startLeaf(name)
        PercentEncoding.appendListEncoded(bytes, to: &self.bytes)
        self.endLeaf(name)
    }

    package mutating func element(_ name: StaticString, _ number: Int64) {
        self.startLeaf(name)
        self.append(decimal: number)
        self.endLeaf(name)
    }

    package mutating func element(_ name: StaticString, _ number: Int) {
        self.element(name, Int64(number))
    }

    package mutating func element(_ name: StaticString, _ flag: Bool) {
        self.startLeaf(name)
        self.append(flag ? "true" : "false")
        self.endLeaf(name)
    }

    /// Writes `2026-01-31T12:00:00.000Z` (spec rule ERR-12).
    package mutating func element(_ name: StaticString, _ timestamp: Timestamp) {
        // S3 writes milliseconds, but its times are whole seconds (ERR-12).
        self.element(name, exactly: Timestamp(seconds: timestamp.seconds))
    }

    /// Writes a time to its millisecond, as S3 Control does.
    package mutating func element(_ name: StaticString, exactly timestamp: Timestamp) {
        self.startLeaf(name)
        self.append(timestamp)
        self.endLeaf(name)
    }

    /// Writes an ETag in the quotes that XML bodies carry.
    package mutating func element(_ name: StaticString, quoting etag: String) {
        self.startLeaf(name)
        self.append("&quot;")
        self.text(etag)
        self.append("&quot;")
        self.endLeaf(name)
    }

    // MARK: Names that are known at run time only

    /// Opens the root element in S3's namespace.
    package mutating func openRoot(dynamic name: String) {
        self.depth += 1
        self.bytes.append(UInt8(ascii: "<"))
        self.bytes.append(contentsOf: name.utf8)
        self.append(" xmlns=\"")
        self.append(Self.namespace)
        self.append("\">")
    }

    package mutating func open(dynamic name: String) {
        self.depth += 1
        self.bytes.append(UInt8(ascii: "<"))
        self.bytes.append(contentsOf: name.utf8)
        self.bytes.append(UInt8(ascii: ">"))
    }

    package mutating func close(dynamic name: String) {
        self.depth -= 1
        self.append("</")
        self.bytes.append(contentsOf: name.utf8)
        self.bytes.append(UInt8(ascii: ">"))
    }

    package mutating func element(dynamic name: String, _ text: String) {
        self.open(dynamic: name)
        self.text(text)
        self.close(dynamic: name)
    }

    // MARK: Content

    /// Appends character data with its escapes.
    package mutating func text(_ text: String) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { self.appendEscaped($0) }
        if isDone == nil { self.text(bytes: Array(text.utf8)) }
    }

    /// Appends UTF-8 character data with its escapes.
    package mutating func text(bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { self.appendEscaped($0) }
    }

    /// Appends bytes that are XML already.
    package mutating func raw(_ bytes: [UInt8]) {
        self.bytes.append(contentsOf: bytes)
    }

    private mutating func startLeaf(_ name: StaticString) {
        self.bytes.append(UInt8(ascii: "<"))
        self.append(name)
        self.bytes.append(UInt8(ascii: ">"))
    }

    private mutating func endLeaf(_ name: StaticString) {
        self.append("</")
        self.append(name)
        self.bytes.append(UInt8(ascii: ">"))
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
    }

    private mutating func append(decimal number: Int64) {
        if number < 0 { self.bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = self.bytes.count
        repeat {
            self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self.bytes[start...].reverse()
    }

    private mutating func append(_ timestamp: Timestamp) {
        let fields = timestamp.civilFields
        self.append(twoDigits: fields.year / 100)
        self.append(twoDigits: fields.year % 100)
        self.bytes.append(UInt8(ascii: "-"))
        self.append(twoDigits: fields.month)
        self.bytes.append(UInt8(ascii: "-"))
        self.append(twoDigits: fields.day)
        self.bytes.append(UInt8(ascii: "T"))
        self.append(twoDigits: fields.hour)
        self.bytes.append(UInt8(ascii: ":"))
        self.append(twoDigits: fields.minute)
        self.bytes.append(UInt8(ascii: ":"))
        self.append(twoDigits: fields.second)
        self.bytes.append(UInt8(ascii: "."))
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fields.millisecond / 100))
        self.append(twoDigits: fields.millisecond % 100)
        self.bytes.append(UInt8(ascii: "Z"))
    }

    private mutating func append(twoDigits number: Int) {
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// Copies runs of plain bytes and writes the others as references.
    ///
    /// Control characters become `&#x1;` and so on, as AWS sends them (ERR-13), though XML 1.0 cannot carry them; so
    /// does a carriage return, which parsers would turn into a line feed.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            if !Self.isSpecial(byte) {
                index += 1
                continue
            }
            let isNoncharacter = byte == 0xEF && Self.isNoncharacter(text, at: index)
            if byte == 0xEF && !isNoncharacter {
                index += 1
                continue
            }
            self.bytes.append(contentsOf: text[start..<index])
            switch byte {
            case UInt8(ascii: "&"): self.append("&amp;")
            case UInt8(ascii: "<"): self.append("&lt;")
            case UInt8(ascii: ">"): self.append("&gt;")
            case UInt8(ascii: "\""): self.append("&quot;")
            case UInt8(ascii: "'"): self.append("&apos;")
            case 0xEF:
                self.append(text[index + 2] == 0xBE ? "&#xfffe;" : "&#xffff;")
                index += 2
            default:
                self.append("&#x")
                if byte > 15 { self.bytes.append(hexDigit(byte >> 4)) }
                self.bytes.append(hexDigit(byte & 15))
                self.append(";")
            }
            index += 1
            start = index
        }
        self.bytes.append(contentsOf: text[start...])
    }

    /// U+FFFE and U+FFFF, which XML 1.0 excludes.
    private static func isNoncharacter(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        index + 2 < text.count && text[index + 1] == 0xBF && text[index + 2] >= 0xBE
    }

    /// Whether the byte is not simply copied: five characters of the syntax, control characters but tab and line feed,
    /// and 0xEF, which begins the noncharacters.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 64 ? self.specialBelow64 >> UInt64(byte) & 1 != 0 : byte == 0xEF
    }

    /// A bit for each special byte below 64: all control characters but 9 and 10, and `"`, `&`, `'`, `<`, `>`.
    private static let specialBelow64: UInt64 =
        0xFFFF_FFFF & ~(1 << 9) & ~(1 << 10) | 1 << 0x22 | 1 << 0x26 | 1 << 0x27 | 1 << 0x3C | 1 << 0x3E
}
