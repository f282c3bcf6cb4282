import TernChecksums
package import TernCore

/// Takes an `aws-chunked` body apart as it comes in (spec §2.5).
///
/// It copies and holds back nothing: ``feed(_:into:)`` tells which parts of the input are payload. A chunk may be of
/// any size, so its payload is passed on *before* its signature can be checked, and the decoded length and the trailer
/// are known only at the end. What was passed on is therefore worth nothing until ``finish()`` has returned; when
/// anything throws, the object must not be created.
///
/// ```
/// size line ──► data ──► end of line ──► size line ──► … ──► size line of 0 ──► trailer lines ──► empty line
/// ```
package struct ChunkedDecoder: Sendable {
    private enum State: Sendable {
        case sizeLine
        case data
        case carriageReturn
        case lineFeed
        case trailer
        case ended
    }

    /// The longest line of framing, in bytes (SIG-42).
    private static let maximumLineByteCount = 1024
    /// The smallest chunk that another may follow, in bytes (SIG-42).
    private static let minimumChunkByteCount: Int64 = 8192
    /// The most trailing fields that are read before the request is refused.
    private static let maximumTrailerCount = 16

    /// The length of the payload as announced, in bytes.
    package let announcedByteCount: Int64
    /// The payload passed on so far, in bytes.
    package private(set) var decodedByteCount: Int64 = 0

    private let announcedTrailers: [String]
    private var signatures: ChunkSignatures?
    private var state = State.sizeLine
    private var line: [UInt8] = []

    private var chunkNumber = 0
    private var chunkByteCount: Int64 = 0
    private var chunkRemainder: Int64 = 0
    private var chunkHash = SHA256Hasher()
    private var chunkSignature: [UInt8] = []

    private var trailers: [HeaderFields.Field] = []
    private var trailerSignature: [UInt8]?

    /// Prepares for the body of a verified request.
    ///
    /// - Parameters:
    ///   - payload: A streaming one.
    ///   - signing: What the chunks' signatures build upon; needed for a payload whose chunks are signed.
    ///   - headers: Gives `x-amz-decoded-content-length` and `x-amz-trailer`.
    /// - Throws: SIG-41 and SIG-45.
    package init(payload: PayloadMode, signing: SigningContext?, headers: HeaderFields) throws(SigningError) {
        precondition(payload.isStreaming, "the body is not aws-chunked")
        guard let text = headers["x-amz-decoded-content-length"], let byteCount = Int64(text), byteCount >= 0 else {
            throw .missingContentLength
        }
        self.announcedByteCount = byteCount
        self.announcedTrailers =
            payload.isWithoutTrailer ? [] : try ChunkedTrailer.announcedNames(headers)
        if case .streamingSigned = payload {
            guard let signing else { preconditionFailure("signed chunks need the request's signature") }
            self.signatures = ChunkSignatures(signing)
        }
        self.line.reserveCapacity(128)
    }

    /// Whether the whole body was read.
    package var hasEnded: Bool {
        if case .ended = self.state { true } else { false }
    }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - input: The next bytes of the body.
    ///   - payload: The ranges of `input` that are payload are appended, in order, none of them empty.
    /// - Throws: What is wrong with framing, chunk sizes, chunk signatures or length; the decoder is of no use then.
    package mutating func feed(
        _ input: UnsafeRawBufferPointer,
        into payload: inout [Range<Int>]
    ) throws(SigningError) {
        var index = 0
        while index < input.count {
            switch self.state {
            case .sizeLine:
                if try self.readLine(input, &index) { try self.beginChunk() }
            case .data:
                let count = Int(min(self.chunkRemainder, Int64(input.count - index)))
                let range = index..<index + count
                payload.append(range)
                if self.signatures != nil {
                    self.chunkHash.update(UnsafeRawBufferPointer(rebasing: input[range]))
                }
                self.decodedByteCount += Int64(count)
                self.chunkRemainder -= Int64(count)
                index = range.upperBound
                if self.chunkRemainder == 0 {
                    try self.checkChunkSignature()
                    self.state = .carriageReturn
                }
            case .carriageReturn:
                guard input[index] == UInt8(ascii: "\r") else { throw .bodyTerminated }
                self.state = .lineFeed
                index += 1
            case .lineFeed:
                guard input[index] == UInt8(ascii: "\n") else { throw .bodyTerminated }
                self.state = .sizeLine
                index += 1
            case .trailer:
                if try self.readLine(input, &index) { try self.readTrailer() }
            case .ended:
                // minio-go writes one more line end behind its trailer.
                guard input[index] == UInt8(ascii: "\r") || input[index] == UInt8(ascii: "\n") else {
                    throw .bodyTerminated
                }
                index += 1
            }
        }
    }

    /// Ends the body: only now is what was passed on known to be right.
    ///
    /// - Returns: The trailer, whose checksum is still to be compared.
    /// - Throws: `IncompleteBody` (SIG-41) or what is wrong with the trailer (SIG-45).
    package mutating func finish() throws(SigningError) -> ChunkedTrailer {
        guard self.hasEnded else { throw .bodyTerminated }
        guard self.decodedByteCount == self.announcedByteCount else { throw .incompleteBody }
        let trailer = try ChunkedTrailer(self.trailers, announced: self.announcedTrailers)
        if self.signatures != nil, !self.trailers.isEmpty || self.trailerSignature != nil {
            try self.checkTrailerSignature()
        }
        return trailer
    }
}

// MARK: Lines

extension ChunkedDecoder {
    /// Collects a line in `line`, without its end.
    ///
    /// - Returns: Whether the line is complete.
    private mutating func readLine(_ input: UnsafeRawBufferPointer, _ index: inout Int) throws(SigningError) -> Bool {
        while index < input.count {
            let byte = input[index]
            index += 1
            if byte == UInt8(ascii: "\n") {
                if self.line.last == UInt8(ascii: "\r") { self.line.removeLast() }
                return true
            }
            guard self.line.count < Self.maximumLineByteCount else { throw .bodyTerminated }
            self.line.append(byte)
        }
        return false
    }

    /// Reads `hex` or `hex;chunk-signature=64hex` from `line`.
    private mutating func beginChunk() throws(SigningError) {
        let halves = self.line.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let size = Self.chunkSize(halves[0]) else { throw .bodyTerminated }
        if self.signatures != nil {
            let name = Array("chunk-signature=".utf8)
            let isAsymmetric = self.signatures?.isAsymmetric == true
            guard halves.count == 2, halves[1].starts(with: name),
                halves[1].count == name.count + (isAsymmetric ? ChunkSignatures.asymmetricByteCount : 64)
            else { throw .bodyTerminated }
            self.chunkSignature = Array(halves[1].dropFirst(name.count))
        }
        self.line.removeAll(keepingCapacity: true)

        if size > 0, self.chunkNumber > 0, self.chunkByteCount < Self.minimumChunkByteCount {
            throw .invalidChunkSize(chunk: self.chunkNumber, byteCount: self.chunkByteCount)
        }
        guard size <= self.announcedByteCount - self.decodedByteCount else { throw .incompleteBody }
        self.chunkNumber += 1
        self.chunkByteCount = size
        self.chunkRemainder = size
        if size > 0 {
            self.state = .data
        } else {
            try self.checkChunkSignature()
            self.state = .trailer
        }
    }

    /// 1 to 15 hexadecimal digits, so that the value fits.
    private static func chunkSize(_ text: ArraySlice<UInt8>) -> Int64? {
        guard (1...15).contains(text.count) else { return nil }
        var size: Int64 = 0
        for character in text {
            guard let digit = hexValue(character) else { return nil }
            size = size << 4 | Int64(digit)
        }
        return size
    }

    /// Reads `name:value`, or the empty line at the end, from `line`.
    private mutating func readTrailer() throws(SigningError) {
        defer { self.line.removeAll(keepingCapacity: true) }
        if self.line.isEmpty {
            // minio-go writes an empty line between the fields and their signature too.
            let awaitsSignature = self.signatures != nil && !self.trailers.isEmpty && self.trailerSignature == nil
            if !awaitsSignature { self.state = .ended }
            return
        }
        guard let colon = self.line.firstIndex(of: UInt8(ascii: ":")),
            self.trailers.count < Self.maximumTrailerCount
        else { throw .malformedTrailer }
        let name = String(decoding: self.line[..<colon], as: UTF8.self).lowercased()
        var value = self.line[(colon + 1)...]
        while let first = value.first, first == UInt8(ascii: " ") { value.removeFirst() }
        while let last = value.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\r") { value.removeLast() }
        if name == "x-amz-trailer-signature" {
            guard self.signatures != nil, self.trailerSignature == nil else { throw .malformedTrailer }
            self.trailerSignature = Array(value)
        } else {
            self.trailers.append(HeaderFields.Field(name: name, value: String(decoding: value, as: UTF8.self)))
        }
    }
}

// MARK: Signatures

extension ChunkedDecoder {
    private mutating func checkChunkSignature() throws(SigningError) {
        guard var signatures = self.signatures else { return }
        let stringToSign = signatures.stringToSign(chunkDigest: self.chunkHash.finalize())
        try Self.check(self.chunkSignature, against: &signatures, stringToSign)
        self.signatures = signatures
        self.chunkHash = SHA256Hasher()
    }

    private mutating func checkTrailerSignature() throws(SigningError) {
        guard var signatures = self.signatures else { return }
        guard let signature = self.trailerSignature else { throw .malformedTrailer }
        try Self.check(signature, against: &signatures, signatures.stringToSign(trailer: self.trailers))
        self.signatures = signatures
    }

    private static func check(
        _ provided: [UInt8],
        against signatures: inout ChunkSignatures,
        _ stringToSign: [UInt8]
    ) throws(SigningError) {
        guard signatures.accept(provided, for: stringToSign) else {
            throw .signatureDoesNotMatch(
                accessKeyID: signatures.context.accessKeyID, stringToSign: stringToSign,
                provided: String(decoding: provided, as: UTF8.self))
        }
    }
}
