import Logging
import TernCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The form of a log line.
enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-01-31T12:00:00.000Z info  message key=value`
    case text
    /// One JSON object a line, with `time`, `level`, `message` and the metadata as members.
    case json
}

/// Writes log lines to standard error, each by one system call, so that the lines of several threads do not mix.
struct LogOutput: LogHandler {
    let label: String
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { _, new in new } }
        if let own = event.metadata { metadata.merge(own) { _, new in new } }
        let line = Self.line(
            format: self.format, time: SystemClock().now, level: event.level, label: self.label,
            message: event.message.description, metadata: metadata)
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// One line with its end. Metadata is sorted by name, so that lines of one kind look alike.
    static func line(
        format: LogFormat, time: Timestamp, level: Logger.Level, label: String, message: String,
        metadata: Logger.Metadata
    ) -> [UInt8] {
        let members = metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        switch format {
        case .text:
            let padding = String(repeating: " ", count: max(0, 7 - level.rawValue.utf8.count))
            let pairs = members.map { " \($0.0)=\(Self.quotedIfNeeded($0.1))" }.joined()
            return Array("\(time.iso8601) \(level.rawValue)\(padding) \(Self.singleLine(message))\(pairs)\n".utf8)
        case .json:
            let fixed = [("time", time.iso8601), ("level", level.rawValue), ("logger", label), ("message", message)]
            let text = (fixed + members).map { "\(JSONString.quoted($0.0)):\(JSONString.quoted($0.1))" }
            return Array("{\(text.joined(separator: ","))}\n".utf8)
        }
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x3D }
        return isPlain ? text : JSONString.quoted(text)
    }

    /// A message must not be able to fake another line.
    private static func singleLine(_ text: String) -> String {
        text.utf8.contains { $0 < 0x20 } ? String(JSONString.quoted(text).dropFirst().dropLast()) : text
    }
}
