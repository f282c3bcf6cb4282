import NIOCore
import TernCore
import TernPorts

extension RequestRejection {
    /// The error document that answers bytes which never became a request (spec rules ERR-1, ERR-7, §2.8).
    var answer: HTTPAnswer {
        let (status, code, message, details) = self.error
        let requestID = Self.randomText(byteCount: 16, alphabet: Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8))
        let hostID = Self.randomText(
            byteCount: 76, alphabet: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8))
        var document = ByteBuffer()
        document.writeString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code>")
        document.writeString("<Message>\(message)</Message>\(details)")
        document.writeString("<RequestId>\(requestID)</RequestId><HostId>\(hostID)</HostId></Error>")
        return HTTPAnswer(
            status: status,
            headers: HeaderFields([
                .init(name: "content-type", value: "application/xml"),
                .init(name: "x-amz-request-id", value: requestID),
                .init(name: "x-amz-id-2", value: hostID),
            ]),
            body: .bytes(document),
            closesConnection: true
        )
    }

    private var error: (status: Int, code: String, message: String, details: String) {
        switch self {
        case .malformed:
            (400, "BadRequest", "An error occurred when parsing the HTTP request.", "")
        case .headerTooLarge(let limit):
            (
                400, "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed size.",
                "<MaxSizeAllowed>\(limit)</MaxSizeAllowed>"
            )
        case .unknownTransferCoding:
            (
                501, "NotImplemented", "A header you provided implies functionality that is not implemented.",
                "<Header>Transfer-Encoding</Header>"
            )
        case .unsupportedVersion:
            (505, "HttpVersionNotSupported", "The HTTP version specified is not supported.", "")
        case .timedOut:
            (
                400, "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period. "
                    + "Idle connections will be closed.", ""
            )
        case .tooManyConnections:
            (503, "SlowDown", "Please reduce your request rate.", "")
        }
    }

    private static func randomText(byteCount: Int, alphabet: [UInt8]) -> String {
        String(decoding: (0..<byteCount).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }, as: UTF8.self)
    }
}
