/// Writes a JSON document from its beginning to its end, without making a tree of it first.
///
/// The caller opens and closes what stands in each other; commas are put by the writer.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {
        self.bytes.reserveCapacity(1024)
    }

    package mutating func openObject() { self.open(UInt8(ascii: "{")) }
    package mutating func closeObject() { self.close(UInt8(ascii: "}")) }
    package mutating func openArray() { self.open(UInt8(ascii: "[")) }
    package mutating func closeArray() { self.close(UInt8(ascii: "]")) }

    /// The name of the member whose value comes next.
    package mutating func name(_ name: String) {
        self.string(name)
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// Opens an object that is the value of a member.
    package mutating func openObject(_ name: String) {
        self.name(name)
        self.openObject()
    }

    package mutating func member(_ name: String, _ value: String) {
        self.name(name)
        self.string(value)
    }

    package mutating func member(_ name: String, _ value: some BinaryInteger) {
        self.name(name)
        self.number(value)
    }

    /// A member that is left out where it has no value.
    package mutating func member(_ name: String, ifPresent value: String?) {
        if let value { self.member(name, value) }
    }

    package mutating func number(_ value: some BinaryInteger) {
        self.separate()
        self.bytes.append(contentsOf: String(value).utf8)
    }

    package mutating func boolean(_ value: Bool) {
        self.separate()
        self.bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// A document that was written before.
    package mutating func raw(_ document: [UInt8]) {
        self.separate()
        self.bytes.append(contentsOf: document)
    }

    package mutating func string(_ text: String) {
        self.separate()
        JSONString.append(text, to: &self.bytes)
    }

    /// Bytes of UTF-8; what is none is replaced.
    package mutating func string(utf8 bytes: [UInt8]) {
        self.string(String(decoding: bytes, as: UTF8.self))
    }

    private mutating func open(_ bracket: UInt8) {
        self.separate()
        self.bytes.append(bracket)
        self.needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        self.bytes.append(bracket)
        self.needsComma = true
    }

    private mutating func separate() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }
}
