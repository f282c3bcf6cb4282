import NIOCore
import Synchronization
import TernChecksums
import TernCore
import TernPorts
import TernS3Protocol
import TernSigV4

/// Where the trailer of a chunked body is put once it was read.
final class TrailerBox: Sendable {
    private let state = Mutex<ChunkedTrailer?>(nil)

    var value: ChunkedTrailer? {
        get { self.state.withLock { $0 } }
        set { self.state.withLock { $0 = newValue } }
    }
}

/// A body as it came, counted, and compared with its SHA-256 at the end (spec rule SIG-10).
actor PlainPayloadSource: HTTPBodySource {
    private let body: any HTTPRequestBody
    private var remaining: Int64
    private let expected: [UInt8]?
    private var hasher = SHA256Hasher()

    init(body: any HTTPRequestBody, byteCount: Int64, mode: PayloadMode) {
        self.body = body
        self.remaining = byteCount
        if case .sha256(let digest) = mode { self.expected = digest } else { self.expected = nil }
    }

    func next() async throws -> ByteBuffer? {
        let chunk: ByteBuffer?
        do {
            chunk = try await self.body.next()
        } catch {
            throw S3Error.brokenBody(error)
        }
        guard let chunk else {
            if self.remaining != 0 { throw S3Error.incompleteBody }
            try self.finish()
            return nil
        }
        self.remaining -= Int64(chunk.readableBytes)
        if self.remaining < 0 { throw S3Error.incompleteBody }
        if self.expected != nil { chunk.withUnsafeReadableBytes { self.hasher.update($0) } }
        return chunk
    }

    private func finish() throws(S3Error) {
        guard let expected = self.expected else { return }
        let computed = self.hasher.finalize()
        if computed != expected {
            throw S3Error(SigningError.contentSHA256Mismatch(client: expected, computed: computed))
        }
    }
}

/// The payload of an `aws-chunked` body (spec §2.5). No chunk is ever held whole.
actor ChunkedPayloadSource: HTTPBodySource {
    /// The announced length of the payload, in bytes.
    nonisolated let byteCount: Int64

    private let body: any HTTPRequestBody
    private let trailer: TrailerBox
    private var decoder: ChunkedDecoder
    /// Payload that was found in the last chunk of the transport and not yet handed on.
    private var input = ByteBuffer()
    private var ranges: ArraySlice<Range<Int>> = []

    init(
        body: any HTTPRequestBody, mode: PayloadMode, signing: SigningContext?, headers: HeaderFields,
        trailer: TrailerBox
    ) throws(SigningError) {
        let decoder = try ChunkedDecoder(payload: mode, signing: signing, headers: headers)
        self.body = body
        self.decoder = decoder
        self.byteCount = decoder.announcedByteCount
        self.trailer = trailer
    }

    func next() async throws -> ByteBuffer? {
        while true {
            if let range = self.ranges.popFirst() {
                return self.input.getSlice(at: self.input.readerIndex + range.lowerBound, length: range.count)
            }
            if self.decoder.hasEnded { return try self.end() }
            let chunk: ByteBuffer?
            do {
                chunk = try await self.body.next()
            } catch {
                throw S3Error.brokenBody(error)
            }
            guard let chunk else { return try self.end() }
            try self.take(chunk)
        }
    }

    private func take(_ chunk: ByteBuffer) throws(S3Error) {
        var found: [Range<Int>] = []
        do {
            try chunk.withUnsafeReadableBytes { bytes throws(SigningError) in try self.decoder.feed(bytes, into: &found)
            }
        } catch {
            throw S3Error(error)
        }
        self.input = chunk
        self.ranges = found[...]
    }

    private func end() throws(S3Error) -> ByteBuffer? {
        do {
            self.trailer.value = try self.decoder.finish()
        } catch {
            throw S3Error(error)
        }
        return nil
    }
}
