/// A header value with parameters: `form-data; name="file"; filename="a \"b\".txt"`.
struct HeaderParameters {
    /// What stands before the first semicolon, trimmed.
    private(set) var value: String
    /// Names in lower case.
    private var parameters: [String: String] = [:]

    init(_ text: String) {
        var parts: [String] = []
        var current = ""
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                // Browsers write a quote as `%22`, older ones as `\"`; a backslash before anything else is a backslash.
                if character != "\"" { current.append("\\") }
                current.append(character == "\"" ? "\u{1}" : character)
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                current.append(character)
            } else if character == ";", !isQuoted {
                parts.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        parts.append(current)
        self.value = String(parts[0].trimmingBlanks)
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let name = part[..<equals].trimmingBlanks.lowercased()
            let raw = part[part.index(after: equals)...].trimmingBlanks
            let text = raw.filter { $0 != "\"" }.map { $0 == "\u{1}" ? "\"" : $0 }
            if self.parameters[name] == nil { self.parameters[name] = String(text) }
        }
    }

    subscript(name: String) -> String? { self.parameters[name] }
}
