import TernCore

/// JSON that is answered.
enum JSONOutput: Sendable {
    case string(String)
    case integer(Int)
    /// Finite.
    case number(Double)
    case boolean(Bool)
    /// Seconds since 1970, with milliseconds: how the JSON protocols of AWS show times.
    case time(Timestamp)
    case array([JSONOutput])
    /// Members without a value are left out.
    case object([(name: String, value: JSONOutput?)])
    /// A map: an object whose names are data.
    case entries([(key: String, value: JSONOutput)])

    static func text(_ text: String?) -> JSONOutput? { text.map(JSONOutput.string) }
    static func blob(_ bytes: [UInt8]) -> JSONOutput { .string(Base64.encode(bytes)) }
    static func strings(_ texts: [String]) -> JSONOutput { .array(texts.map(JSONOutput.string)) }

    static func map(_ map: [String: String]) -> JSONOutput {
        .object(map.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    /// The document.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        self.write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .string(let text): JSONString.append(text, to: &bytes)
        case .integer(let number): bytes += Array("\(number)".utf8)
        case .number(let number): bytes += Array("\(number)".utf8)
        case .boolean(let value): bytes += Array(value ? "true".utf8 : "false".utf8)
        case .time(let time):
            let fraction = "\(1000 + time.milliseconds - time.seconds * 1000)".dropFirst()
            bytes += Array("\(time.seconds).\(fraction)".utf8)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .entries(let entries): JSONOutput.object(entries.map { ($0.key, $0.value) }).write(to: &bytes)
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for case (let name, let value?) in members {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                JSONString.append(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
