package import TernCore

/// One line of a server access log: 26 fields, a blank between them, `-` for what there is nothing to say of.
///
/// Source: Amazon S3 User Guide, "Amazon S3 server access log format"; spec s3-api §12.6.
package struct AccessLogRecord: Hashable, Sendable {
    package var bucketOwner = ""
    package var bucket = ""
    package var time: Timestamp
    package var remoteAddress = ""
    /// The canonical ID of the account, or the ARN of a session; empty for anonymous requests.
    package var requester = ""
    package var requestID = ""
    /// For example `REST.PUT.OBJECT`.
    package var operation = ""
    package var key: ObjectKey?
    /// Method, target and protocol.
    package var requestURI = ""
    package var status = 0
    package var errorCode = ""
    /// Of the body of the answer.
    package var sentByteCount: Int64 = 0
    package var objectByteCount: Int64?
    /// From the arrival of the request to the last byte of the answer.
    package var totalMilliseconds: Int64 = 0
    /// From the arrival of the request to the first byte of the answer.
    package var turnAroundMilliseconds: Int64 = 0
    package var referrer = ""
    package var userAgent = ""
    package var versionID = ""
    package var hostID = ""
    /// `SigV2`, `SigV4`; empty for anonymous requests.
    package var signatureVersion = ""
    /// `AuthHeader`, `QueryString` or `POST`.
    package var authenticationType = ""
    package var hostHeader = ""
    package var region = ""
    /// The ARN of the access point; empty for requests that came without one.
    package var accessPoint = ""

    package init(time: Timestamp) {
        self.time = time
    }

    /// The line, with its line feed.
    package var line: String {
        var fields: [String] = []
        fields.append(Self.plain(self.bucketOwner))
        fields.append(Self.plain(self.bucket))
        fields.append(Self.time(self.time))
        fields.append(Self.plain(self.remoteAddress))
        fields.append(Self.plain(self.requester))
        fields.append(Self.plain(self.requestID))
        fields.append(Self.plain(self.operation))
        fields.append(Self.key(self.key))
        fields.append(Self.quoted(self.requestURI))
        fields.append(String(self.status))
        fields.append(Self.plain(self.errorCode))
        fields.append(self.sentByteCount > 0 ? String(self.sentByteCount) : "-")
        fields.append(self.objectByteCount.map(String.init) ?? "-")
        fields.append(String(self.totalMilliseconds))
        fields.append(String(self.turnAroundMilliseconds))
        fields.append(Self.quoted(self.referrer))
        fields.append(Self.quoted(self.userAgent))
        fields.append(Self.plain(self.versionID))
        fields.append(Self.plain(self.hostID))
        fields.append(Self.plain(self.signatureVersion))
        // Cipher suite: the edge speaks no TLS.
        fields.append("-")
        fields.append(Self.plain(self.authenticationType))
        fields.append(Self.plain(self.hostHeader))
        // TLS version, ARN of the access point, whether an ACL was required.
        fields += ["-", Self.plain(self.accessPoint), "-"]
        return fields.joined(separator: " ") + "\n"
    }

    private static func plain(_ text: String) -> String {
        if text.isEmpty { return "-" }
        return String(text.map { $0.isWhitespace || $0.isNewline ? "+" : $0 })
    }

    /// Nothing that a client sends may end the field or the line.
    private static func quoted(_ text: String) -> String {
        if text.isEmpty { return "\"-\"" }
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") {
                PercentEncoding.appendEncoded(CollectionOfOne(byte), keepingSlash: true, to: &result)
            } else {
                result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }

    private static func key(_ key: ObjectKey?) -> String {
        guard let key else { return "-" }
        return PercentEncoding.encode(key.bytes, keepingSlash: true)
    }

    /// `[06/Feb/2019:00:00:38 +0000]`
    private static func time(_ time: Timestamp) -> String {
        let fields = time.civilFields
        var text: [UInt8] = []
        text.append(UInt8(ascii: "["))
        text.append(decimal: fields.day, width: 2)
        text.append(contentsOf: "/\(Self.months[fields.month - 1])/".utf8)
        text.append(decimal: fields.year, width: 4)
        for part in [fields.hour, fields.minute, fields.second] {
            text.append(UInt8(ascii: ":"))
            text.append(decimal: part, width: 2)
        }
        text.append(contentsOf: " +0000]".utf8)
        return String(decoding: text, as: UTF8.self)
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
