import NIOCore

/// Takes the data out of a body in `Transfer-Encoding: chunked` (RFC 9112 §7.1).
///
/// Chunk extensions and trailer fields are read over. Lines end in CRLF and nothing else.
struct ChunkedBodyDecoder {
    enum Outcome: Equatable {
        case data(ByteBuffer)
        case incomplete
        case end
        case malformed
    }

    private enum State {
        case size
        case data(remaining: Int64)
        case dataEnd
        case trailer
        case end
    }

    /// The most bytes of a chunk's first line, and of all trailer fields together.
    private static let lineByteLimit = 1024
    private static let trailerByteLimit = 8 * 1024

    private var state = State.size
    private var trailerByteCount = 0

    /// Takes the next piece from the front of `buffer`.
    mutating func next(_ buffer: inout ByteBuffer) -> Outcome {
        while true {
            switch self.state {
            case .size:
                switch Self.takeLine(&buffer, limit: Self.lineByteLimit) {
                case .incomplete: return .incomplete
                case .malformed: return .malformed
                case .line(let line):
                    guard let size = Self.chunkSize(line) else { return .malformed }
                    self.state = size == 0 ? .trailer : .data(remaining: size)
                }
            case .data(let remaining):
                let count = Int(min(remaining, Int64(buffer.readableBytes)))
                guard count > 0, let data = buffer.readSlice(length: count) else { return .incomplete }
                self.state = remaining == Int64(count) ? .dataEnd : .data(remaining: remaining - Int64(count))
                return .data(data)
            case .dataEnd:
                guard buffer.readableBytes >= 2 else {
                    let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
                    return first == nil || first == 0x0D ? .incomplete : .malformed
                }
                guard buffer.readInteger(as: UInt16.self) == 0x0D0A else { return .malformed }
                self.state = .size
            case .trailer:
                switch Self.takeLine(&buffer, limit: Self.trailerByteLimit - self.trailerByteCount) {
                case .incomplete: return .incomplete
                case .malformed: return .malformed
                case .line(let line):
                    if line.readableBytes == 0 {
                        self.state = .end
                    } else {
                        self.trailerByteCount += line.readableBytes + 2
                        guard Self.isTrailerField(line) else { return .malformed }
                    }
                }
            case .end:
                return .end
            }
        }
    }

    private enum Line {
        case line(ByteBuffer)
        case incomplete
        case malformed
    }

    /// Takes a line without its CRLF, of at most `limit` bytes.
    private static func takeLine(_ buffer: inout ByteBuffer, limit: Int) -> Line {
        let view = buffer.readableBytesView.prefix(limit)
        guard let end = view.firstIndex(of: 0x0A) else {
            return buffer.readableBytes >= limit ? .malformed : .incomplete
        }
        guard end > view.startIndex, view[end - 1] == 0x0D else { return .malformed }
        let byteCount = end - view.startIndex - 1
        guard let line = buffer.readSlice(length: byteCount) else { return .incomplete }
        buffer.moveReaderIndex(forwardBy: 2)
        return line.readableBytesView.contains(0x0D) ? .malformed : .line(line)
    }

    /// The size before the extensions; `nil` for anything but 1 to 15 hexadecimal digits, then the end, `;` or a blank.
    private static func chunkSize(_ line: ByteBuffer) -> Int64? {
        var size: Int64 = 0
        var digitCount = 0
        var rest = line.readableBytesView[...]
        while let byte = rest.first, let digit = self.hexValue(byte) {
            digitCount += 1
            guard digitCount <= 15 else { return nil }
            size = size << 4 | digit
            rest = rest.dropFirst()
        }
        guard digitCount > 0 else { return nil }
        // Blanks may stand before an extension, and nowhere else.
        let blankFree = rest.drop { $0 == 0x20 || $0 == 0x09 }
        if let next = blankFree.first, next != UInt8(ascii: ";") { return nil }
        if blankFree.isEmpty, !rest.isEmpty { return nil }
        guard blankFree.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return nil }
        return size
    }

    private static func hexValue(_ byte: UInt8) -> Int64? {
        switch byte {
        case 0x30...0x39: Int64(byte - 0x30)
        case 0x41...0x46: Int64(byte - 0x41 + 10)
        case 0x61...0x66: Int64(byte - 0x61 + 10)
        default: nil
        }
    }

    private static func isTrailerField(_ line: ByteBuffer) -> Bool {
        let bytes = line.readableBytesView
        guard let colon = bytes.firstIndex(of: 0x3A), colon > bytes.startIndex else { return false }
        return bytes[..<colon].allSatisfy(RequestHeadParser.isTokenByte)
            && bytes[colon...].allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
