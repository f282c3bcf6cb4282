import TernCore
import TernPorts

/// What of a message is passed on, and in which form.
enum ForwardedMessage {
    /// The fields that are meant for the other end, not for the connection (RFC 9110 §7.6.1), in their order.
    ///
    /// `Expect` stays: the other region decides whether it needs the body. `Content-Length` stays too: clients may have
    /// signed it, and for HEAD it is the answer's.
    static func endToEndFields(_ headers: HeaderFields) -> [HeaderFields.Field] {
        var dropped = self.connectionFields
        for value in headers.values("connection") {
            for option in value.split(separator: ",") {
                dropped.insert(option.lowercased().filter { $0 != " " && $0 != "\t" })
            }
        }
        dropped.subtract(self.neverDropped)
        return headers.fields.filter { !dropped.contains($0.name) }
    }

    private static let connectionFields: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// A `Connection` that names one of these is an attack or an error.
    private static let neverDropped: Set<String> = ["authorization", "content-length", "host"]

    /// Whether a region may rightly work on a request for minutes before it begins to answer: it copies, or puts the
    /// parts of an upload together.
    static func isSlow(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains("x-amz-copy-source") || head.method == "POST" && head.target.contains("uploadId=")
    }

    /// Whether a request may be sent again when nobody knows whether it was done.
    ///
    /// A write under a condition may not: done the first time, it would fail the second time, and its client would be
    /// told so.
    static func isRepeatable(_ head: HTTPRequestHead) -> Bool {
        switch head.method {
        case "GET", "HEAD", "OPTIONS": true
        case "PUT", "DELETE": !head.headers.contains("if-match") && !head.headers.contains("if-none-match")
        default: false
        }
    }
}
