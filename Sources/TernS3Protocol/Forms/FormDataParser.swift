/// Takes a `multipart/form-data` body apart while it arrives: fields whole, the file in slices of what was fed.
///
/// Nothing is held but the fields before the file, which are bounded, and as many bytes as a delimiter has.
///
/// Source: RFC 7578; RFC 2046 §5.1.1; spec rule SIG-70.
package struct FormDataParser: Sendable {
    package enum Event: Hashable, Sendable {
        /// A field before the file; the name as sent.
        case field(name: String, value: [UInt8])
        /// The part named `file` begins.
        case fileBegins(name: String?)
        case fileBytes([UInt8])
        /// The file has ended. Whatever follows is read and ignored.
        case fileEnds
    }

    package enum Problem: Error, Hashable, Sendable {
        case malformed
        /// The fields before the file are too large.
        case tooLarge
        case severalFiles
    }

    /// The most bytes of names and values of the fields before the file.
    package static let maximumFieldByteCount = 20 * 1024
    /// The most bytes of the headers of one part.
    private static let maximumHeaderByteCount = 8 * 1024

    private enum State {
        /// Before the first delimiter, where a preamble may stand.
        case preamble
        /// Behind a delimiter: the end of its line, or `--`.
        case afterDelimiter
        case headers
        case field(name: String)
        case file
        /// A part behind the file.
        case ignored
        case finished
    }

    private let delimiter: [UInt8]
    private var state = State.preamble
    /// What was fed and not yet used.
    private var buffer: [UInt8]
    private var fieldByteCount = 0
    private var hasFile = false

    /// - Parameter boundary: As the `Content-Type` of the request names it.
    package init(boundary: String) {
        self.delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very beginning, without a line break before it.
        self.buffer = Array("\r\n".utf8)
    }

    /// The boundary in a `Content-Type`; `nil` if it is not `multipart/form-data` with one.
    package static func boundary(ofContentType text: String?) -> String? {
        guard let text else { return nil }
        let parameters = HeaderParameters(text)
        guard parameters.value.lowercased() == "multipart/form-data", let boundary = parameters["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { return nil }
        return boundary
    }

    package var hasEnded: Bool {
        if case .finished = self.state { true } else { false }
    }

    /// How many bytes were fed and are held, since they may belong to a delimiter.
    package var bufferedByteCount: Int { self.buffer.count }

    /// Takes the next bytes of the body, in whatever slices they come.
    package mutating func feed(_ bytes: some Sequence<UInt8>) throws(Problem) -> [Event] {
        self.buffer.append(contentsOf: bytes)
        var events: [Event] = []
        while try self.step(into: &events) {}
        return events
    }

    /// The body has ended; it must have come to the last delimiter.
    package func finish() throws(Problem) {
        if !self.hasEnded { throw .malformed }
    }

    /// One step; `false` when more bytes are needed.
    private mutating func step(into events: inout [Event]) throws(Problem) -> Bool {
        switch self.state {
        case .preamble:
            guard let found = self.find(self.delimiter) else {
                // Browsers send no preamble; a long one is not a form.
                if self.buffer.count > Self.maximumFieldByteCount { throw .malformed }
                return false
            }
            self.buffer.removeFirst(found + self.delimiter.count)
            self.state = .afterDelimiter
            return true
        case .afterDelimiter:
            return try self.endDelimiterLine()
        case .headers:
            return try self.readHeaders(into: &events)
        case .field(let name):
            guard let found = self.find(self.delimiter) else {
                if self.fieldByteCount + self.buffer.count > Self.maximumFieldByteCount + self.delimiter.count {
                    throw .tooLarge
                }
                return false
            }
            self.fieldByteCount += found
            if self.fieldByteCount > Self.maximumFieldByteCount { throw .tooLarge }
            events.append(.field(name: name, value: Array(self.buffer[..<found])))
            self.buffer.removeFirst(found + self.delimiter.count)
            self.state = .afterDelimiter
            return true
        case .file, .ignored:
            return self.readContent(into: &events)
        case .finished:
            self.buffer.removeAll(keepingCapacity: true)
            return false
        }
    }

    /// `--` ends the form; blanks and a line break lead to the next part.
    private mutating func endDelimiterLine() throws(Problem) -> Bool {
        guard self.buffer.count >= 2 else { return false }
        if self.buffer.starts(with: "--".utf8) {
            self.state = .finished
            return true
        }
        var index = 0
        while index < self.buffer.count, self.buffer[index] == 0x20 || self.buffer[index] == 9 { index += 1 }
        guard index + 2 <= self.buffer.count else {
            if index > 64 { throw .malformed }
            return false
        }
        guard self.buffer[index] == 13, self.buffer[index + 1] == 10 else { throw .malformed }
        // The line break stays, so that the end of the headers looks alike whether there are any or not.
        self.buffer.removeFirst(index)
        self.state = .headers
        return true
    }

    private mutating func readHeaders(into events: inout [Event]) throws(Problem) -> Bool {
        guard let end = self.find(Array("\r\n\r\n".utf8)) else {
            if self.buffer.count > Self.maximumHeaderByteCount { throw .malformed }
            return false
        }
        if end > Self.maximumHeaderByteCount { throw .malformed }
        let lines = String(decoding: self.buffer[..<end], as: UTF8.self)
        self.buffer.removeFirst(end + 4)
        var disposition: HeaderParameters?
        for line in lines.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            if line[..<colon].lowercased() == "content-disposition" {
                disposition = HeaderParameters(String(line[line.index(after: colon)...]))
            }
        }
        guard let disposition, disposition.value.lowercased() == "form-data", let name = disposition["name"] else {
            throw .malformed
        }
        // What follows the content is a delimiter with a line break before it, even for empty content.
        if name.lowercased() == "file" {
            if self.hasFile { throw .severalFiles }
            self.hasFile = true
            self.state = .file
            events.append(.fileBegins(name: disposition["filename"]))
        } else if self.hasFile {
            self.state = .ignored
        } else {
            self.fieldByteCount += name.utf8.count
            self.state = .field(name: name)
        }
        return true
    }

    /// Hands on all that cannot be the beginning of a delimiter.
    private mutating func readContent(into events: inout [Event]) -> Bool {
        let isFile = if case .file = self.state { true } else { false }
        if let found = self.find(self.delimiter) {
            if isFile {
                if found > 0 { events.append(.fileBytes(Array(self.buffer[..<found]))) }
                events.append(.fileEnds)
            }
            self.buffer.removeFirst(found + self.delimiter.count)
            self.state = .afterDelimiter
            return true
        }
        let safe = self.buffer.count - self.partialDelimiterCount()
        if safe > 0 {
            if isFile { events.append(.fileBytes(Array(self.buffer[..<safe]))) }
            self.buffer.removeFirst(safe)
        }
        return false
    }

    /// How many bytes at the end may be the beginning of a delimiter.
    private func partialDelimiterCount() -> Int {
        let longest = min(self.delimiter.count - 1, self.buffer.count)
        for count in stride(from: longest, to: 0, by: -1)
        where self.buffer.suffix(count).elementsEqual(self.delimiter.prefix(count)) {
            return count
        }
        return 0
    }

    /// Where `pattern`, which begins with a carriage return, next stands in the buffer.
    private func find(_ pattern: [UInt8]) -> Int? {
        self.buffer.withUnsafeBufferPointer { bytes in
            pattern.withUnsafeBufferPointer { pattern in
                var index = 0
                while index + pattern.count <= bytes.count {
                    if bytes[index] == pattern[0] {
                        var matched = 1
                        while matched < pattern.count, bytes[index + matched] == pattern[matched] { matched += 1 }
                        if matched == pattern.count { return index }
                    }
                    index += 1
                }
                return nil
            }
        }
    }
}
