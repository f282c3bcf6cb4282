import NIOCore
import TernCore
import TernPorts

/// One request and its answer, as the connection sees them. Lives on the connection's event loop.
final class Exchange {
    let number: UInt64
    let head: RequestHead
    let body: RequestBody
    var task: Task<Void, Never>?
    /// Whether all bytes of the body have been received.
    var isReceived: Bool
    /// Whether the framing of the body is lost, so that no request can follow.
    var isBroken = false
    /// Whether the client waits for `100 Continue`.
    var owesContinue: Bool
    /// Whether the connection ends with this answer.
    var closes = false
    var lastBodyProgress = NIODeadline.now()
    private var remainingByteCount: Int64
    private var decoder: ChunkedBodyDecoder?

    init(number: UInt64, head: RequestHead, body: RequestBody) {
        self.number = number
        self.head = head
        self.body = body
        self.owesContinue = head.expectsContinue
        switch head.framing {
        case .length(let byteCount):
            self.remainingByteCount = byteCount
            self.isReceived = byteCount == 0
        case .chunked:
            self.remainingByteCount = 0
            self.decoder = ChunkedBodyDecoder()
            self.isReceived = false
        }
    }

    /// Takes the next piece of the body from the front of `buffer`, and leaves what lies behind the body.
    func takeBody(_ buffer: inout ByteBuffer) -> ChunkedBodyDecoder.Outcome {
        if self.isBroken {
            buffer.clear()
            return .incomplete
        }
        if self.decoder != nil {
            return self.decoder?.next(&buffer) ?? .malformed
        }
        if self.remainingByteCount == 0 { return .end }
        let byteCount = Int(min(self.remainingByteCount, Int64(buffer.readableBytes)))
        guard byteCount > 0, let data = buffer.readSlice(length: byteCount) else { return .incomplete }
        self.remainingByteCount -= Int64(byteCount)
        return .data(data)
    }

    /// Whether what is left of the body is worth reading to keep the connection.
    ///
    /// A client that still waits for `100 Continue` may or may not send the body, so nothing can follow it.
    func isDrainable(byteLimit: Int64) -> Bool {
        !self.owesContinue && !self.isBroken && (self.decoder != nil || self.remainingByteCount <= byteLimit)
    }

    /// Whether an answer with this status carries its body (RFC 9110 §§9.3.2, 15.3.5, 15.4.5).
    func sendsBody(status: Int) -> Bool {
        self.head.method != "HEAD" && status >= 200 && status != 204 && status != 304
    }

    /// How the body of `answer` is delimited on this connection.
    func framing(of answer: HTTPAnswer) -> AnswerFraming {
        if answer.status == 204 || answer.status < 200 { return .none }
        let length: Int64? =
            switch answer.body {
            case .none: nil
            case .bytes(let bytes): Int64(bytes.readableBytes)
            case .stream(let byteCount, _): byteCount
            case .chunked: nil
            }
        if !self.sendsBody(status: answer.status) {
            // The length of what a GET would have sent; the responder names it where it has no body to measure.
            let named = answer.headers["content-length"].flatMap { Int64($0) }
            return (named ?? length).map { .length($0) } ?? .none
        }
        if case .chunked = answer.body { return self.head.isHTTP10 ? .untilClose : .chunked }
        return .length(length ?? 0)
    }
}
