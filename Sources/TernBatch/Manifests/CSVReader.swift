/// One row of a CSV file: its fields, without quotes.
package struct CSVRow: Hashable, Sendable {
    /// All fields, one behind the other.
    fileprivate var bytes: [UInt8] = []
    /// Where each field ends.
    fileprivate var ends: [Int] = []
    /// From 1.
    package fileprivate(set) var line = 0

    package var count: Int { self.ends.count }

    package subscript(index: Int) -> ArraySlice<UInt8> {
        self.bytes[(index == 0 ? 0 : self.ends[index - 1])..<self.ends[index]]
    }
}

/// Reads CSV as it comes, in any pieces, with memory for one row: RFC 4180, with LF or CRLF, without a header.
///
/// Source: batch-replication §3.2.
package struct CSVReader: Sendable {
    /// The longest row, in bytes.
    static let maximumRowBytes = 64 << 10

    private enum State {
        case fieldStart
        case unquoted
        case quoted
        /// After a quote within a quoted field: its end, or the first of two.
        case quote
        /// After a CR, which only a LF may follow.
        case carriageReturn
    }

    private var state = State.fieldStart
    private var row = CSVRow()
    private var line = 1
    private var isAtStart = true

    package init() {}

    /// Reads the next piece and calls `body` with each row that is complete.
    package mutating func read(
        _ bytes: some Sequence<UInt8>, _ body: (CSVRow) throws(JobFailure) -> Void
    ) throws(JobFailure) {
        for byte in bytes {
            if self.isAtStart {
                // A byte order mark would become part of the first field.
                self.isAtStart = false
                if byte == 0xEF { throw self.malformed() }
            }
            switch (self.state, byte) {
            case (.carriageReturn, UInt8(ascii: "\n")):
                try self.endRow(body)
            case (.carriageReturn, _):
                throw self.malformed()
            case (.fieldStart, UInt8(ascii: "\"")):
                self.state = .quoted
            case (.quoted, UInt8(ascii: "\"")):
                self.state = .quote
            case (.quote, UInt8(ascii: "\"")):
                try self.append(byte)
                self.state = .quoted
            case (.quoted, _):
                if byte == UInt8(ascii: "\n") { self.line += 1 }
                try self.append(byte)
            case (_, UInt8(ascii: ",")):
                self.endField()
            case (_, UInt8(ascii: "\n")):
                try self.endRow(body)
            case (_, UInt8(ascii: "\r")):
                self.state = .carriageReturn
            case (.quote, _), (.unquoted, UInt8(ascii: "\"")):
                throw self.malformed()
            default:
                try self.append(byte)
                self.state = .unquoted
            }
        }
    }

    /// The end of the file: the last row may have no line end.
    package mutating func finish(_ body: (CSVRow) throws(JobFailure) -> Void) throws(JobFailure) {
        switch self.state {
        case .quoted: throw self.malformed()
        case .carriageReturn, .unquoted, .quote: try self.endRow(body)
        case .fieldStart: if self.row.count > 0 { try self.endRow(body) }
        }
    }

    private mutating func append(_ byte: UInt8) throws(JobFailure) {
        if self.row.bytes.count >= Self.maximumRowBytes { throw self.malformed() }
        self.row.bytes.append(byte)
    }

    private mutating func endField() {
        self.row.ends.append(self.row.bytes.count)
        self.state = .fieldStart
    }

    private mutating func endRow(_ body: (CSVRow) throws(JobFailure) -> Void) throws(JobFailure) {
        self.endField()
        self.row.line = self.line
        try body(self.row)
        self.row.bytes.removeAll(keepingCapacity: true)
        self.row.ends.removeAll(keepingCapacity: true)
        self.line += 1
    }

    private func malformed() -> JobFailure {
        .invalidManifest("Manifest file is not properly formatted (line \(self.line))")
    }
}
