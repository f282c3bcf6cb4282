import NIOCore
package import TernCore
package import TernObjects
package import TernPorts
package import TernS3Protocol
package import TernSigV4

/// The body of a request, as its signature describes it.
package struct RequestPayload: Sendable {
    package var head: HTTPRequestHead
    package var body: any HTTPRequestBody
    package var mode: PayloadMode
    package var signing: SigningContext?
    package var acceptsStreams: Bool

    package init(
        head: HTTPRequestHead, body: any HTTPRequestBody, mode: PayloadMode, signing: SigningContext?,
        acceptsStreams: Bool
    ) {
        self.head = head
        self.body = body
        self.mode = mode
        self.signing = signing
        self.acceptsStreams = acceptsStreams
    }

    /// The bytes of an object or part, verified as they pass.
    ///
    /// - Throws: `MissingContentLength`, `EntityTooLarge`, and what is wrong with the streaming headers.
    package func stream(maximumBytes: Int64) throws(S3Error) -> any HTTPBodySource {
        if self.mode.isStreaming {
            guard self.acceptsStreams else { throw S3Error(SigningError.streamingNotAllowed) }
            let source: ChunkedPayloadSource
            do {
                source = try ChunkedPayloadSource(
                    body: self.body, mode: self.mode, signing: self.signing, headers: self.head.headers,
                    trailer: self.trailer)
            } catch {
                throw S3Error(error)
            }
            if source.byteCount > maximumBytes {
                throw .entityTooLarge(proposed: source.byteCount, maximum: maximumBytes)
            }
            return source
        }
        guard let text = self.head.headers["content-length"], let byteCount = Int64(text), byteCount >= 0 else {
            throw .missingContentLength
        }
        if byteCount > maximumBytes { throw .entityTooLarge(proposed: byteCount, maximum: maximumBytes) }
        return PlainPayloadSource(body: self.body, byteCount: byteCount, mode: self.mode)
    }

    /// A small document, whole, its digests verified.
    ///
    /// - Parameters:
    ///   - requiresDigest: Whether the client must send one (spec rule CHK-7).
    ///   - verifiesChecksums: Whether `x-amz-checksum-*` are those of the document.
    /// - Throws: `MaxMessageLengthExceeded`, `InvalidDigest`, `BadDigest`, `InvalidRequest`, `IncompleteBody`.
    package func document(
        maximumBytes: Int, requiresDigest: Bool = false, verifiesChecksums: Bool = true
    ) async throws(S3Error) -> [UInt8] {
        if self.mode.isStreaming { throw S3Error(SigningError.streamingNotAllowed) }
        let digests = try PayloadDigests(self.head.headers, withChecksums: verifiesChecksums)
        if requiresDigest, digests.md5 == nil, digests.value == nil { throw .missingDigest }
        if let text = self.head.headers["content-length"], let announced = Int(text), announced > maximumBytes {
            throw .maxMessageLengthExceeded(maximum: maximumBytes)
        }
        var bytes: [UInt8] = []
        do {
            while let chunk = try await self.body.next() {
                if bytes.count + chunk.readableBytes > maximumBytes {
                    throw S3Error.maxMessageLengthExceeded(maximum: maximumBytes)
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch let error as S3Error {
            throw error
        } catch {
            throw S3Error.brokenBody(error)
        }
        if case .sha256(let expected) = self.mode { try Self.check(sha256: expected, of: bytes) }
        try digests.verify(bytes)
        return bytes
    }

    /// The digests that the client sends with an object or part.
    package func expectedDigests() throws(S3Error) -> ObjectDigests {
        let digests = try PayloadDigests(self.head.headers)
        let trailer = self.trailer
        let value = digests.value
        return ObjectDigests(
            clientAlgorithm: digests.algorithm,
            expected: ExpectedDigests(
                md5: digests.md5,
                algorithm: digests.algorithm ?? .crc64nvme,
                checksum: { () throws(S3Error) in value ?? trailer.value?.checksum?.digest }
            )
        )
    }

    /// Filled when a chunked body has ended.
    private let trailer = TrailerBox()
}

/// What an upload has to match.
package struct ObjectDigests: Sendable {
    /// The algorithm of the checksum that the client sends, in a header or a trailer.
    package var clientAlgorithm: ChecksumAlgorithm?
    package var expected: ExpectedDigests

    /// Whether the client sends neither a checksum nor `Content-MD5`.
    var areMissing: Bool { self.clientAlgorithm == nil && self.expected.md5 == nil }
}

extension S3Error {
    package init(_ error: SigningError) {
        self.init(
            code: error.code, status: error.status, message: error.message,
            details: error.details.map { Detail($0.name, $0.value) })
    }

    /// A body that broke off: the client went away, or was silent for too long.
    static func brokenBody(_ error: any Error) -> S3Error {
        if case HTTPBodyError.timedOut? = error as? HTTPBodyError { return .requestTimeout }
        return .incompleteBody
    }
}
