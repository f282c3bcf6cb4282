import NIOCore
import TernCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Finds and reads the head of a request in the bytes received so far.
///
/// It is strict where leniency lets two parties disagree about where a request ends: a bare LF, a CR inside a value, a
/// folded line, a blank before the colon, a control character, differing lengths, a length beside a transfer coding, a
/// missing or second `Host` are all refused (RFC 9112 §§2.2, 3.2, 5.1, 5.2, 6.1, 6.3, 11.2).
struct RequestHeadParser {
    enum Outcome {
        case incomplete
        case head(RequestHead)
        case rejected(RequestRejection)
    }

    /// The most bytes of a head.
    let byteLimit: Int
    /// Bytes of the buffer that are known to hold no end of the head, so that a head that trickles in is searched once.
    private var searchedByteCount = 0
    /// Where the line that is being searched begins.
    private var lineStart = 0

    init(byteLimit: Int) {
        self.byteLimit = byteLimit
    }

    /// Takes the next head from the front of `buffer`, if all of it is there.
    mutating func parse(_ buffer: inout ByteBuffer) -> Outcome {
        if self.searchedByteCount <= 1, self.skipEmptyLines(&buffer) { self.searchedByteCount = 0 }
        switch self.findEnd(buffer) {
        case .rejected(let rejection):
            return .rejected(rejection)
        case .incomplete:
            return .incomplete
        case .end(let byteCount):
            self.searchedByteCount = 0
            self.lineStart = 0
            let result = buffer.withUnsafeReadableBytes { bytes in
                Result { () throws(RequestRejection) in
                    try Self.readHead(UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
                }
            }
            buffer.moveReaderIndex(forwardBy: byteCount)
            switch result {
            case .success(let head): return .head(head)
            case .failure(let rejection): return .rejected(rejection)
            }
        }
    }

    /// Whether part of a head is waiting for the rest.
    var isInsideHead: Bool { self.searchedByteCount > 0 }

    /// Some clients send a line end behind a body (RFC 9112 §2.2).
    private func skipEmptyLines(_ buffer: inout ByteBuffer) -> Bool {
        var isSkipped = false
        while buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) == 0x0D0A {
            buffer.moveReaderIndex(forwardBy: 2)
            isSkipped = true
        }
        return isSkipped
    }

    private enum End {
        case incomplete
        case end(Int)
        case rejected(RequestRejection)
    }

    private mutating func findEnd(_ buffer: ByteBuffer) -> End {
        let (outcome, searched, lineStart) = buffer.withUnsafeReadableBytes { bytes -> (End, Int, Int) in
            guard let base = bytes.baseAddress else { return (.incomplete, 0, 0) }
            var position = self.searchedByteCount
            var lineStart = self.lineStart
            let window = min(bytes.count, self.byteLimit)
            while position < window, let found = memchr(base + position, 0x0A, window - position) {
                let index = UnsafeRawPointer(found) - base
                guard index > 0, bytes[index - 1] == 0x0D else { return (.rejected(.malformed), 0, 0) }
                if index - 1 == lineStart, lineStart > 0 { return (.end(index + 1), 0, 0) }
                position = index + 1
                lineStart = position
            }
            if bytes.count > self.byteLimit { return (.rejected(.headerTooLarge(limit: self.byteLimit)), 0, 0) }
            return (.incomplete, bytes.count, lineStart)
        }
        self.searchedByteCount = searched
        self.lineStart = lineStart
        return outcome
    }

    // MARK: Reading a whole head

    /// `bytes` is the request line and the fields, every line with its CRLF, and the empty line.
    private static func readHead(_ bytes: UnsafeRawBufferPointer) throws(RequestRejection) -> RequestHead {
        var position = 0
        let requestLine = self.takeLine(bytes, &position)
        var request = try self.readRequestLine(requestLine)
        var fields = Fields()
        var headers: [HeaderFields.Field] = []
        headers.reserveCapacity(16)
        while true {
            let line = self.takeLine(bytes, &position)
            if line.isEmpty { break }
            let field = try self.readField(line)
            try fields.note(field)
            headers.append(field)
        }
        request.headers = HeaderFields(headers)
        try fields.apply(to: &request)
        return request
    }

    /// The bytes up to the next CRLF, which is known to be there.
    private static func takeLine(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UnsafeRawBufferPointer {
        var end = position
        while bytes[end] != 0x0A { end += 1 }
        let line = UnsafeRawBufferPointer(rebasing: bytes[position..<(end - 1)])
        position = end + 1
        return line
    }

    private static func readRequestLine(_ line: UnsafeRawBufferPointer) throws(RequestRejection) -> RequestHead {
        guard let firstBlank = line.firstIndex(of: 0x20), let lastBlank = line.lastIndex(of: 0x20),
            firstBlank < lastBlank
        else { throw .malformed }
        let method = line[..<firstBlank]
        let target = line[(firstBlank + 1)..<lastBlank]
        let version = line[(lastBlank + 1)...]
        guard !method.isEmpty, method.count <= 32, method.allSatisfy(Self.isTokenByte), !target.isEmpty,
            target.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let targetText = String(validating: target, as: UTF8.self)
        else { throw .malformed }
        guard version.count == 8, version.starts(with: "HTTP/".utf8) else { throw .malformed }
        let isHTTP10 = version.elementsEqual("HTTP/1.0".utf8)
        guard isHTTP10 || version.elementsEqual("HTTP/1.1".utf8) else { throw .unsupportedVersion }
        return RequestHead(
            method: String(decoding: method, as: UTF8.self),
            target: targetText,
            headers: HeaderFields(),
            framing: .length(0),
            keepsAlive: !isHTTP10,
            expectsContinue: false,
            isHTTP10: isHTTP10
        )
    }

    private static func readField(_ line: UnsafeRawBufferPointer) throws(RequestRejection) -> HeaderFields.Field {
        guard let colon = line.firstIndex(of: 0x3A), colon > 0, colon <= 256 else { throw .malformed }
        let nameBytes = line[..<colon]
        // A line that begins with a blank would continue the one before; a blank before the colon hides the name.
        guard nameBytes.allSatisfy(Self.isTokenByte) else { throw .malformed }
        let name = String(unsafeUninitializedCapacity: colon) { destination in
            for (index, byte) in nameBytes.enumerated() {
                destination[index] = byte &- 0x41 < 26 ? byte | 0x20 : byte
            }
            return colon
        }
        var start = colon + 1
        var end = line.count
        while start < end, Self.isBlank(line[start]) { start += 1 }
        while end > start, Self.isBlank(line[end - 1]) { end -= 1 }
        let valueBytes = UnsafeRawBufferPointer(rebasing: line[start..<end])
        var union: UInt8 = 0
        for byte in valueBytes {
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .malformed }
            union |= byte
        }
        if union < 0x80 { return HeaderFields.Field(name: name, value: String(decoding: valueBytes, as: UTF8.self)) }
        // What is not UTF-8 is kept byte for byte as Latin-1, the historical encoding of header fields (RFC 9110 §5.5).
        let value =
            String(validating: valueBytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(valueBytes.map { Unicode.Scalar($0) }))
        return HeaderFields.Field(name: name, value: value)
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether a byte may stand in a method or a field name: `tchar` of RFC 9110 §5.6.2, as a set of 128 bits.
    @inline(__always)
    static func isTokenByte(_ byte: UInt8) -> Bool {
        if byte < 64 { return (0x03FF_6CFA_0000_0000 as UInt64) >> UInt64(byte) & 1 == 1 }
        if byte < 128 { return (0x57FF_FFFF_C7FF_FFFE as UInt64) >> UInt64(byte - 64) & 1 == 1 }
        return false
    }
}

/// What the fields that steer the connection say, gathered while the head is read.
private struct Fields {
    var contentLength: Int64?
    var transferCoding: String?
    var host: String?
    var closes = false
    var keepsAlive = false
    var expectsContinue = false

    mutating func note(_ field: HeaderFields.Field) throws(RequestRejection) {
        switch field.name {
        case "content-length":
            guard (1...19).contains(field.value.utf8.count), field.value.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
                let length = Int64(field.value)
            else { throw .malformed }
            if let other = self.contentLength, other != length { throw .malformed }
            self.contentLength = length
        case "transfer-encoding":
            if self.transferCoding != nil { throw .malformed }
            self.transferCoding = field.value.lowercased()
        case "host":
            if self.host != nil { throw .malformed }
            self.host = field.value
        case "connection":
            for option in field.value.split(separator: ",") {
                switch option.lowercased().filter({ $0 != " " && $0 != "\t" }) {
                case "close": self.closes = true
                case "keep-alive": self.keepsAlive = true
                default: break
                }
            }
        case "expect":
            if field.value.lowercased() == "100-continue" { self.expectsContinue = true }
        default:
            break
        }
    }

    func apply(to request: inout RequestHead) throws(RequestRejection) {
        if let transferCoding = self.transferCoding {
            guard self.contentLength == nil, !request.isHTTP10 else { throw .malformed }
            guard transferCoding == "chunked" else { throw .unknownTransferCoding }
            request.framing = .chunked
        } else {
            request.framing = .length(self.contentLength ?? 0)
        }
        guard self.host != nil || request.isHTTP10 else { throw .malformed }
        request.keepsAlive = !self.closes && (!request.isHTTP10 || self.keepsAlive)
        // Also for an empty body: botocore expects the word there too.
        request.expectsContinue = self.expectsContinue && !request.isHTTP10
        try self.readTargetForm(&request)
    }

    /// Turns `http://host/path`, the form that proxies are sent, into the path and the host (RFC 9112 §3.2.2).
    private func readTargetForm(_ request: inout RequestHead) throws(RequestRejection) {
        if request.target.utf8.first == UInt8(ascii: "/") { return }
        if request.target == "*", request.method == "OPTIONS" { return }
        let lowerCase = request.target.prefix(8).lowercased()
        let schemeLength = lowerCase.hasPrefix("http://") ? 7 : lowerCase == "https://" ? 8 : 0
        guard schemeLength > 0 else { throw .malformed }
        let rest = request.target.utf8.dropFirst(schemeLength)
        let path = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard path > rest.startIndex, let host = String(rest[..<path]) else { throw .malformed }
        let tail = String(rest[path...]) ?? ""
        request.headers.set("host", host)
        request.target = tail.hasPrefix("/") ? tail : "/" + tail
    }
}
