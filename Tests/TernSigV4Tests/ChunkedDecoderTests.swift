import TernChecksums
import TernCore
import TernSigV4
import Testing

/// Feeds a body to a decoder in the given pieces.
///
/// - Returns: The payload and the trailer.
private func decode(
    _ body: [UInt8],
    _ decoder: ChunkedDecoder,
    pieceLengths: (Int) -> Int = { _ in .max }
) throws -> ([UInt8], ChunkedTrailer) {
    var decoder = decoder
    var payload: [UInt8] = []
    var start = 0
    while start < body.count {
        let length = min(pieceLengths(start), body.count - start)
        let piece = Array(body[start..<start + length])
        var ranges: [Range<Int>] = []
        try piece.withUnsafeBytes { try decoder.feed($0, into: &ranges) }
        for range in ranges {
            #expect(!range.isEmpty)
            payload += piece[range]
        }
        start += length
    }
    let trailer = try decoder.finish()
    #expect(decoder.decodedByteCount == Int64(payload.count))
    return (payload, trailer)
}

/// A signed request with the body that belongs to it.
private struct Upload {
    var payload: PayloadMode
    var headers = HeaderFields()
    var signing: SigningContext?
    var body: [UInt8] = []

    /// Encodes `chunks`, of which the last, empty one is added.
    init(_ mode: PayloadMode, chunks: [[UInt8]], trailer: [HeaderFields.Field] = []) throws {
        self.payload = mode
        let byteCount = chunks.reduce(0) { $0 + $1.count }
        var request = Example.request("PUT", "/b/k", ["host": "h", "x-amz-decoded-content-length": "\(byteCount)"])
        for field in trailer { request.headers.append("x-amz-trailer", field.name) }
        let signing = try Example.signer.sign(&request, payload: mode, at: Example.date)
        let isSigned = mode != .streamingUnsignedTrailer
        self.headers = request.headers
        self.signing = isSigned ? signing : nil
        var signatures = ChunkSignatures(signing)
        for chunk in chunks + [[]] {
            self.append(String(chunk.count, radix: 16))
            if isSigned { self.append(";chunk-signature=", signatures.sign(chunkDigest: SHA256Hasher.hash(chunk))) }
            self.append("\r\n")
            self.body += chunk
            if !chunk.isEmpty { self.append("\r\n") }
        }
        for field in trailer { self.append("\(field.name):\(field.value)\r\n") }
        if isSigned, !trailer.isEmpty {
            self.append("x-amz-trailer-signature:", signatures.sign(trailer: trailer), "\r\n")
        }
        self.append("\r\n")
    }

    private mutating func append(_ parts: Any...) {
        for part in parts {
            if let text = part as? String { self.body += Array(text.utf8) }
            if let bytes = part as? [UInt8] { self.body += bytes }
        }
    }

    func decoder() throws(SigningError) -> ChunkedDecoder {
        try ChunkedDecoder(payload: self.payload, signing: self.signing, headers: self.headers)
    }

    /// The error that the body leads to, with `change` made to it.
    func error(_ change: (inout [UInt8]) -> Void) throws -> SigningError? {
        var body = self.body
        change(&body)
        let decoder = try self.decoder()
        return #expect(throws: SigningError.self) { try decode(body, decoder) }
    }
}

private func letters(_ count: Int, _ letter: Character = "a") -> [UInt8] {
    Array(String(repeating: letter, count: count).utf8)
}

private func crc32(_ bytes: [UInt8]) -> [HeaderFields.Field] {
    [HeaderFields.Field(name: "x-amz-checksum-crc32", value: Base64.encode(ChecksumHasher.hash(bytes, .crc32)))]
}

@Suite("aws-chunked bodies (spec §2.5)")
struct ChunkedDecoderTests {
    private static func modes(_ chunks: [[UInt8]]) throws -> [Upload] {
        let whole = Array(chunks.joined())
        return [
            try Upload(.streamingSigned(trailer: false), chunks: chunks),
            try Upload(.streamingSigned(trailer: true), chunks: chunks, trailer: crc32(whole)),
            try Upload(.streamingUnsignedTrailer, chunks: chunks, trailer: crc32(whole)),
            try Upload(.streamingUnsignedTrailer, chunks: chunks),
        ]
    }

    @Test("SIG-44: the published chunk signatures, without and with a trailer")
    func vectors() throws {
        let chunks = [letters(65536), letters(1024)]
        for (trailer, expected) in [
            (
                false,
                [
                    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
                ]
            ),
            (
                true,
                [
                    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
                ]
            ),
        ] {
            var request = Example.request(
                "PUT", "/examplebucket/chunkObject.txt",
                [
                    "host": "s3.amazonaws.com", "x-amz-storage-class": "REDUCED_REDUNDANCY",
                    "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "66560",
                ])
            request.headers.append(
                trailer ? "x-amz-trailer" : "content-length", trailer ? "x-amz-checksum-crc32c" : "66824")
            let mode = PayloadMode.streamingSigned(trailer: trailer)
            let signing = try Example.signer.sign(&request, payload: mode, at: Example.date)
            var body: [UInt8] = []
            for (chunk, signature) in zip(chunks + [[]], expected) {
                body += Array("\(String(chunk.count, radix: 16));chunk-signature=\(signature)\r\n".utf8) + chunk
                if !chunk.isEmpty { body += Array("\r\n".utf8) }
            }
            if trailer {
                body += Array(
                    ("x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
                        + "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n").utf8)
            }
            body += Array("\r\n".utf8)
            if !trailer { #expect(body.count == 66824) }
            let decoder = try ChunkedDecoder(payload: mode, signing: signing, headers: request.headers)
            let (payload, end) = try decode(body, decoder)
            #expect(payload == letters(66560))
            let checksum = Checksum(algorithm: .crc32c, digest: [0xB0, 0xE3, 0xBC, 0xFD])
            #expect(end.checksum == (trailer ? checksum : nil))
        }
    }

    @Test("A body cut in two at any byte decodes alike")
    func everySplit() throws {
        let chunks = [letters(8192), letters(30, "b")]
        for upload in try Self.modes(chunks) {
            let whole = try decode(upload.body, try upload.decoder())
            #expect(whole.0 == Array(chunks.joined()))
            // The middle of the large chunk is like any other byte of it.
            let splits = Array(0...300) + Array((upload.body.count - 400)..<upload.body.count)
            for split in splits {
                let cut = try decode(upload.body, try upload.decoder()) { $0 == 0 && split > 0 ? split : .max }
                #expect(cut == whole, "split at \(split)")
            }
        }
    }

    @Test("A body that comes byte by byte, or in random pieces, decodes alike", arguments: UInt64(1)...20)
    func randomSplits(seed: UInt64) throws {
        var state = seed
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let chunks = (0..<below(4)).map { letters(8192 + below(5000), ["x", "y", "z"][$0]) } + [letters(below(2) * 77)]
        let present = chunks.filter { !$0.isEmpty }
        for upload in try Self.modes(present) {
            let largest = 1 + below(seed == 1 ? 1 : 700)
            let (payload, trailer) = try decode(upload.body, try upload.decoder()) { _ in 1 + below(largest) }
            #expect(payload == Array(present.joined()))
            #expect(trailer.fields.isEmpty == (upload.headers["x-amz-trailer"] == nil))
        }
    }

    @Test("An empty body is one empty chunk")
    func empty() throws {
        for upload in try Self.modes([]) {
            let (payload, _) = try decode(upload.body, try upload.decoder())
            #expect(payload.isEmpty)
        }
    }

    @Test("SIG-43: any changed byte of a signed body is found")
    func tampering() throws {
        for trailer in [false, true] {
            let chunks = [letters(8192), letters(20, "b")]
            let upload = try Upload(
                .streamingSigned(trailer: trailer), chunks: chunks,
                trailer: trailer ? crc32(Array(chunks.joined())) : [])
            let body = upload.body
            for index in Array(0..<200) + Array((body.count - 330)..<(body.count - 2)) {
                var changed = body
                changed[index] ^= 1
                let decoder = try upload.decoder()
                #expect(throws: SigningError.self, "byte \(index)") { try decode(changed, decoder) }
            }
        }
    }

    @Test("SIG-43: a chunk that was changed, dropped or reordered is SignatureDoesNotMatch")
    func signatureErrors() throws {
        let upload = try Upload(.streamingSigned(trailer: false), chunks: [letters(8192), letters(8192, "b")])
        var error = try upload.error { $0[4000] = UInt8(ascii: "c") }
        #expect(error?.code == "SignatureDoesNotMatch")
        #expect(
            error?.details.map(\.name) == ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"])
        let chunkByteCount = "2000;chunk-signature=".utf8.count + 64 + 2 + 8192 + 2
        error = try upload.error { $0.removeFirst(chunkByteCount) }
        #expect(error?.code == "SignatureDoesNotMatch")
        error = try upload.error { body in
            let first = Array(body[..<chunkByteCount])
            body.removeFirst(chunkByteCount)
            body.insert(contentsOf: first, at: chunkByteCount)
        }
        #expect(error?.code == "SignatureDoesNotMatch")

        let trailing = try Upload(.streamingSigned(trailer: true), chunks: [letters(10)], trailer: crc32(letters(9)))
        error = try trailing.error { body in
            let index = body.count - 4 - 64 - "x-amz-trailer-signature:".utf8.count - 2 - 4
            body[index] = body[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        }
        #expect(error?.code == "SignatureDoesNotMatch")
    }

    @Test("SIG-41: the decoded length is needed, and must be right")
    func decodedLength() throws {
        for value in [nil, "", "x", "-1", "99999999999999999999"] {
            var headers = HeaderFields()
            if let value { headers.append("x-amz-decoded-content-length", value) }
            let error = #expect(throws: SigningError.self) {
                try ChunkedDecoder(payload: .streamingUnsignedTrailer, signing: nil, headers: headers)
            }
            #expect(error == .missingContentLength)
        }
        var upload = try Upload(.streamingUnsignedTrailer, chunks: [letters(100)])
        for wrong in ["99", "101"] {
            upload.headers.set("x-amz-decoded-content-length", wrong)
            #expect(try upload.error { _ in } == .incompleteBody)
        }
    }

    @Test("SIG-41: a body that ends early, at any byte, is incomplete")
    func truncation() throws {
        for upload in try Self.modes([letters(40)]) {
            for length in 0..<upload.body.count {
                #expect(try upload.error { $0.removeLast($0.count - length) } == .bodyTerminated, "length \(length)")
            }
        }
    }

    @Test(
        "SIG-42: malformed framing is IncompleteBody",
        arguments: [
            "", "\r\n", "x\r\n", "-1\r\n", "5 \r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "5\r\nhelloX\n0\r\n\r\n",
            "5\r\nhello\rX0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\nmore", ";chunk-signature=1\r\n",
        ])
    func framing(body: String) throws {
        let upload = try Upload(.streamingUnsignedTrailer, chunks: [letters(5)])
        #expect(try upload.error { $0 = Array(body.utf8) } == .bodyTerminated)
    }

    @Test("SIG-42: signed chunks need a signature of 64 digits, and a size line of at most 1 KiB")
    func signedFraming() throws {
        let upload = try Upload(.streamingSigned(trailer: false), chunks: [letters(5)])
        for line in ["5", "5;chunk-signature=", "5;chunk-signature=00", "5;other=\(String(repeating: "0", count: 64))"]
        {
            #expect(try upload.error { $0 = Array("\(line)\r\n".utf8) } == .bodyTerminated)
        }
        #expect(try upload.error { $0 = letters(1025, "0") } == .bodyTerminated)
        let unsigned = try Upload(.streamingUnsignedTrailer, chunks: [letters(5)])
        let longest = "5;" + String(repeating: "x", count: 1021) + "\r\nhello\r\n0\r\n\r\n"
        #expect(try decode(Array(longest.utf8), try unsigned.decoder()).0 == Array("hello".utf8))
    }

    @Test("SIG-42: only the last chunk may be smaller than 8192 bytes")
    func smallChunks() throws {
        for mode in [PayloadMode.streamingUnsignedTrailer, .streamingSigned(trailer: false)] {
            let upload = try Upload(mode, chunks: [letters(8192), letters(8191), letters(1)])
            let error = try upload.error { _ in }
            #expect(error?.code == "InvalidChunkSizeError")
            #expect(error?.message == "Only the last chunk is allowed to have a size less than 8192 bytes")
            #expect(error?.details == [SigningError.Detail("Chunk", "2"), SigningError.Detail("BadChunkSize", "8191")])
        }
    }

    @Test("SIG-40: a chunk of many gigabytes is not held back")
    func hugeChunk() throws {
        let headers = HeaderFields([HeaderFields.Field(name: "x-amz-decoded-content-length", value: "\(1 << 40)")])
        var decoder = try ChunkedDecoder(payload: .streamingUnsignedTrailer, signing: nil, headers: headers)
        var ranges: [Range<Int>] = []
        try Array("10000000000\r\nabc".utf8).withUnsafeBytes { try decoder.feed($0, into: &ranges) }
        #expect(ranges == [13..<16])
        #expect(decoder.decodedByteCount == 3)
        #expect(!decoder.hasEnded)
    }

    @Test("SIG-45: only one trailing checksum can be announced")
    func announcements() throws {
        for (value, message) in [
            ("x-amz-meta-foo", "The value specified in the x-amz-trailer header is not supported"),
            ("x-amz-checksum-crc33", "The value specified in the x-amz-trailer header is not supported"),
            (
                "x-amz-checksum-crc32, x-amz-checksum-sha256",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            ),
        ] {
            var upload = try Upload(.streamingUnsignedTrailer, chunks: [])
            upload.headers.append("x-amz-trailer", value)
            let error = #expect(throws: SigningError.self) { try upload.decoder() }
            #expect(error?.code == "InvalidRequest")
            #expect(error?.message == message)
        }
    }

    @Test("SIG-45: the trailer must be the one announced, and well-formed")
    func trailers() throws {
        let announced = try Upload(.streamingUnsignedTrailer, chunks: [letters(5)], trailer: crc32(letters(5)))
        let silent = try Upload(.streamingUnsignedTrailer, chunks: [letters(5)])
        let start = "5\r\naaaaa\r\n0\r\n"
        for (upload, end) in [
            (announced, "\r\n"), (announced, "x-amz-checksum-sha1:AAAA\r\n\r\n"), (announced, "nonsense\r\n\r\n"),
            (announced, "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
            (announced, "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:00\r\n\r\n"),
            (silent, "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
            (silent, String(repeating: "a:b\r\n", count: 40) + "\r\n"),
        ] {
            let error = try upload.error { $0 = Array((start + end).utf8) }
            #expect(error?.code == "MalformedTrailerError", "\(end)")
        }
        for value in ["", "AAAA", "!!!!!!==", "AAAAAAAAAAA="] {
            let error = try announced.error { $0 = Array("\(start)x-amz-checksum-crc32:\(value)\r\n\r\n".utf8) }
            #expect(error?.code == "InvalidRequest")
            #expect(error?.message == "Value for x-amz-checksum-crc32 trailing header is invalid.")
        }
        let (_, trailer) = try decode(
            Array("\(start)X-Amz-Checksum-CRC32: AAAAAA== \r\n\r\n".utf8), try announced.decoder())
        #expect(trailer.checksum == Checksum(algorithm: .crc32, digest: [0, 0, 0, 0]))
    }

    @Test("SIG-45: trailers without their signature are refused where chunks are signed")
    func unsignedTrailer() throws {
        let upload = try Upload(.streamingSigned(trailer: true), chunks: [letters(5)], trailer: crc32(letters(5)))
        let error = try upload.error { $0.removeLast("x-amz-trailer-signature:".utf8.count + 64 + 4) }
        #expect(error == .bodyTerminated)
    }

    @Test("The trailers of minio-go, with LF behind the value and an empty line more, are understood")
    func minioTrailer() throws {
        let upload = try Upload(.streamingSigned(trailer: true), chunks: [letters(5)], trailer: crc32(letters(5)))
        let text = String(decoding: upload.body, as: UTF8.self)
            .replacing("==\r\nx-amz-trailer-signature", with: "==\n\r\nx-amz-trailer-signature")
        #expect(try decode(Array(text.utf8), try upload.decoder()).1.checksum != nil)
        let unsigned = try Upload(.streamingUnsignedTrailer, chunks: [letters(5)], trailer: crc32(letters(5)))
        let tail = String(decoding: unsigned.body, as: UTF8.self).replacing("==\r\n\r\n", with: "==\n\r\n\r\n")
        #expect(try decode(Array(tail.utf8), try unsigned.decoder()).1.checksum != nil)
    }
}
