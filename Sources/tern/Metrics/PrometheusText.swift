/// Metrics in Prometheus' text format.
///
/// Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4.
struct PrometheusText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    private(set) var bytes: [UInt8] = []

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A metric with its samples, which ``sample(_:_:suffix:_:)`` writes.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.append("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
    }

    /// A metric of one sample.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.family(name, kind, help)
        self.sample(name, [], value)
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Int) {
        self.sample(name, labels, text: "\(value)")
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        self.sample(name, labels, text: "\(value)")
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], text: String) {
        self.append(name)
        if !labels.isEmpty {
            let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }
            self.append("{\(pairs.joined(separator: ","))}")
        }
        self.append(" \(text)\n")
    }

    private mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
