import NIOCore
import TernCore

/// How the bytes behind an answer's head are delimited.
enum AnswerFraming: Equatable {
    /// No body and no word about one: 204, and answers to HEAD whose length is not known.
    case none
    /// The `Content-Length`, also where the body itself is not sent (HEAD, 304).
    case length(Int64)
    case chunked
    /// The end of the connection is the end of the body (HTTP/1.0).
    case untilClose
}

/// Writes the head of an answer.
enum AnswerHeadEncoder {
    /// - Parameters:
    ///   - headers: Those of the responder; the fields that belong to the connection are left out.
    ///   - date: The value of `Date`, used when the responder gave none.
    static func encode(
        status: Int,
        headers: HeaderFields,
        framing: AnswerFraming,
        closes: Bool,
        announcesKeepAlive: Bool,
        date: String,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(status))
        buffer.writeStaticString(" ")
        buffer.writeStaticString(self.reasonPhrase(status))
        buffer.writeStaticString("\r\n")
        var hasDate = false
        for field in headers.fields {
            switch field.name {
            case "connection", "content-length", "keep-alive", "transfer-encoding": continue
            case "date": hasDate = true
            default: break
            }
            self.writeField(field.name, field.value, into: &buffer)
        }
        if !hasDate {
            buffer.writeStaticString("date: ")
            buffer.writeString(date)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .none, .untilClose:
            break
        case .length(let byteCount):
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(byteCount))
            buffer.writeStaticString("\r\n")
        case .chunked:
            buffer.writeStaticString("transfer-encoding: chunked\r\n")
        }
        if closes {
            buffer.writeStaticString("connection: close\r\n")
        } else if announcesKeepAlive {
            buffer.writeStaticString("connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    private static func writeField(_ name: String, _ value: String, into buffer: inout ByteBuffer) {
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        // A line end inside a value would let stored metadata write fields, or a whole answer, of its own.
        if value.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x09 }) {
            buffer.writeString(value)
        } else {
            buffer.writeBytes(value.utf8.map { $0 >= 0x20 || $0 == 0x09 ? $0 : 0x20 })
        }
        buffer.writeStaticString("\r\n")
    }

    private static func reasonPhrase(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 416: "Range Not Satisfiable"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "-"
        }
    }
}
