import TernCore

/// Writes JSON, value by value; the caller sees to the order.
struct JSONText {
    private(set) var text = ""
    private var needsComma = false

    mutating func object(_ name: String? = nil, _ members: (inout JSONText) -> Void) {
        self.begin(name, "{")
        members(&self)
        self.end("}")
    }

    mutating func array<Element>(_ name: String, _ elements: [Element], _ write: (inout JSONText, Element) -> Void) {
        self.begin(name, "[")
        for element in elements { write(&self, element) }
        self.end("]")
    }

    mutating func strings(_ name: String, _ values: [String]) {
        self.begin(name, "[")
        for value in values {
            self.separate(nil)
            self.quote(value)
        }
        self.end("]")
    }

    mutating func member(_ name: String, _ value: String?) {
        self.separate(name)
        if let value { self.quote(value) } else { self.text += "null" }
    }

    mutating func member(_ name: String, _ value: Int64?) {
        self.separate(name)
        self.text += value.map { "\($0)" } ?? "null"
    }

    mutating func member(_ name: String, _ value: Bool) {
        self.separate(name)
        self.text += value ? "true" : "false"
    }

    /// Rounded to hundredths.
    mutating func member(_ name: String, _ value: Double) {
        self.separate(name)
        self.text += "\((value * 100).rounded() / 100)"
    }

    mutating func null(_ name: String) {
        self.separate(name)
        self.text += "null"
    }

    private mutating func begin(_ name: String?, _ bracket: Character) {
        self.separate(name)
        self.text.append(bracket)
        self.needsComma = false
    }

    private mutating func end(_ bracket: Character) {
        self.text.append(bracket)
        self.needsComma = true
    }

    private mutating func separate(_ name: String?) {
        if self.needsComma { self.text.append(",") }
        self.needsComma = true
        guard let name else { return }
        self.quote(name)
        self.text.append(":")
    }

    private mutating func quote(_ value: String) {
        self.text += JSONString.quoted(value)
    }
}
