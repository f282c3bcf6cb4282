import TernCore

/// What of a message is passed on, and in which form.
enum ForwardedMessage {
    /// The fields that are meant for the other end, not for the connection (RFC 9110 §7.6.1), in their order.
    ///
    /// `Expect` stays: clients may have signed it. `Content-Length` stays too; the connection writes its own request
    /// length in its place, and for HEAD it is the answer's.
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

    /// A request target as part of a URL: what may not stand in one is escaped.
    ///
    /// Signatures see no difference: they cover the decoded octets.
    static func urlForm(ofTarget target: String) -> String {
        if target.utf8.allSatisfy({ self.isInURL[Int($0)] }) { return target }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(target.utf8.count + 16)
        for byte in target.utf8 {
            if self.isInURL[Int(byte)] {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(self.hexDigits[Int(byte >> 4)])
                bytes.append(self.hexDigits[Int(byte & 15)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// Whether a byte may stand for itself in path or query (RFC 3986 §3.3, §3.4), or begins an escape.
    private static let isInURL: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%"
        for byte in allowed.utf8 { table[Int(byte)] = true }
        return table
    }()
}
