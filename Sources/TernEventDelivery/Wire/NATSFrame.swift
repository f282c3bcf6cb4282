/// What a server of NATS sends.
///
/// Source: NATS documentation, "Client Protocol", and ADR-4, "NATS Message Headers".
enum NATSFrame: Hashable, Sendable {
    /// JSON about the server.
    case info([UInt8])
    case ping
    case pong
    case ok
    case error(String)
    /// `status` is that of the headers, such as 503 where nobody listens; `nil` without one.
    case message(subject: String, status: Int?, payload: [UInt8])
}

/// Takes an incoming stream of bytes apart.
struct NATSParser: Sendable {
    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    private var bytes: [UInt8] = []
    private var index = 0

    private static let maximumLine = 256 * 1024
    private static let maximumPayload = 8 << 20

    mutating func append(_ more: [UInt8]) {
        if self.index > 0 {
            self.bytes.removeFirst(self.index)
            self.index = 0
        }
        self.bytes += more
    }

    /// The next frame; `nil` while it is not all there.
    mutating func next() throws(Problem) -> NATSFrame? {
        let start = self.index
        guard let end = self.bytes[start...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < self.bytes.count else {
            if self.bytes.count - start > Self.maximumLine { throw Problem(description: "a line without an end") }
            return nil
        }
        let line = String(decoding: self.bytes[start..<end], as: UTF8.self)
        let words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        self.index = end + 2
        switch words.first?.uppercased() {
        case "INFO": return .info(Array(line.utf8.drop { $0 != UInt8(ascii: "{") }))
        case "PING": return .ping
        case "PONG": return .pong
        case "+OK": return .ok
        case "-ERR": return .error(words.dropFirst().joined(separator: " "))
        case "MSG": return try self.message(words, hasHeaders: false, start: start)
        case "HMSG": return try self.message(words, hasHeaders: true, start: start)
        default: throw Problem(description: "not an answer of NATS: \(line.prefix(40))")
        }
    }

    /// `MSG subject sid [reply] bytes` or `HMSG subject sid [reply] headerBytes bytes`, and the payload.
    private mutating func message(_ words: [String], hasHeaders: Bool, start: Int) throws(Problem) -> NATSFrame? {
        let fixed = hasHeaders ? 5 : 4
        guard words.count == fixed || words.count == fixed + 1, let count = words.last.flatMap({ Int($0) }),
            (0...Self.maximumPayload).contains(count)
        else { throw Problem(description: "a message of no known form") }
        var headerCount = 0
        if hasHeaders {
            guard let found = Int(words[words.count - 2]), (0...count).contains(found) else {
                throw Problem(description: "a message with headers of no known form")
            }
            headerCount = found
        }
        guard self.bytes.count - self.index >= count + 2 else {
            self.index = start
            return nil
        }
        let headers = self.bytes[self.index..<self.index + headerCount]
        let payload = Array(self.bytes[self.index + headerCount..<self.index + count])
        self.index += count + 2
        return .message(subject: words[1], status: Self.status(of: headers), payload: payload)
    }

    /// `NATS/1.0 503`
    private static func status(of headers: ArraySlice<UInt8>) -> Int? {
        let line = headers.prefix { $0 != UInt8(ascii: "\r") }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0] == "NATS/1.0" else { return nil }
        return Int(words[1])
    }
}
