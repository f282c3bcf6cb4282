import NIOCore
import TernPorts
import TernS3Protocol

/// The body of a browser upload: first its fields are read, then it is the source of the file's bytes, which are never
/// held whole (spec rule SIG-70).
actor FormUpload: HTTPBodySource {
    private let body: any HTTPRequestBody
    private let announcedByteCount: Int64
    private var parser: FormDataParser
    private let trailerByteCount: Int64
    private var events: ArraySlice<FormDataParser.Event> = []
    private var receivedByteCount: Int64 = 0
    private var fileByteCount: Int64 = 0
    /// How much of the body stands before the file.
    private var fileOffset: Int64 = 0
    private var policy: PostPolicy?

    init(body: any HTTPRequestBody, boundary: String, byteCount: Int64) {
        self.body = body
        self.announcedByteCount = byteCount
        self.parser = FormDataParser(boundary: boundary)
        self.trailerByteCount = Int64("\r\n--\(boundary)--\r\n".utf8.count)
    }

    /// The fields before the file.
    ///
    /// - Throws: `MalformedPOSTRequest`, `MaxPostPreDataLengthExceeded`, or `InvalidArgument` without a file.
    func readFields() async throws(S3Error) -> PostForm {
        var form = PostForm()
        while true {
            while let event = self.events.popFirst() {
                switch event {
                case .field(let name, let value): form.append(name: name, value: value)
                case .fileBegins(let name):
                    form.setFileName(name)
                    self.fileOffset = self.receivedByteCount - self.waitingByteCount
                    return form
                case .fileBytes, .fileEnds: break
                }
            }
            if self.parser.hasEnded { throw .postFileCount(0) }
            try await self.receive()
        }
    }

    /// The bytes of the file that were received together with its head.
    private var waitingByteCount: Int64 {
        self.events.reduce(Int64(self.parser.bufferedByteCount)) { count, event in
            if case .fileBytes(let bytes) = event { count + Int64(bytes.count) } else { count }
        }
    }

    /// Bounds the file by the policy's `content-length-range`.
    func limit(_ policy: PostPolicy) {
        self.policy = policy
    }

    func next() async throws -> ByteBuffer? {
        while true {
            while let event = self.events.popFirst() {
                guard case .fileBytes(let bytes) = event else { continue }
                self.fileByteCount += Int64(bytes.count)
                try self.checkLargest()
                return ByteBuffer(bytes: bytes)
            }
            if self.parser.hasEnded {
                try self.policy?.checkSize(self.fileByteCount)
                return nil
            }
            try await self.receive()
        }
    }

    /// As soon as the file is too large, without reading the rest. The error names its whole size, as far as the length
    /// of the request tells it.
    private func checkLargest() throws(S3Error) {
        guard let sizes = self.policy?.sizes, self.fileByteCount > sizes.upperBound else { return }
        let rest = self.announcedByteCount - self.fileOffset - self.trailerByteCount
        throw .entityTooLarge(proposed: max(rest, self.fileByteCount), maximum: sizes.upperBound)
    }

    private func receive() async throws(S3Error) {
        let chunk: ByteBuffer?
        do {
            chunk = try await self.body.next()
        } catch {
            throw S3Error.brokenBody(error)
        }
        do {
            guard let chunk else {
                if self.receivedByteCount < self.announcedByteCount { throw S3Error.incompleteBody }
                return try self.parser.finish()
            }
            self.receivedByteCount += Int64(chunk.readableBytes)
            self.events.append(contentsOf: try self.parser.feed(chunk.readableBytesView))
        } catch let error as FormDataParser.Problem {
            switch error {
            case .malformed: throw .malformedPOSTRequest
            case .tooLarge: throw .postFieldsTooLarge
            case .severalFiles: throw .postFileCount(2)
            }
        } catch let error as S3Error {
            throw error
        } catch {
            throw .internalError
        }
    }
}
