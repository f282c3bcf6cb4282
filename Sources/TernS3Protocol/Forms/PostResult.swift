package import TernCore

/// How a browser upload is answered (spec rule SIG-74).
package enum PostResult: Hashable, Sendable {
    case status(Int)
    /// 303, with the object's place in the query.
    case redirect(String)

    /// What the form asks for: a redirect, if its URL is one, else a status, else 204.
    package init(_ form: PostForm, bucket: String, key: ObjectKey, etag: String) {
        if let target = form["success_action_redirect"] ?? form["redirect"], Self.isAbsolute(target) {
            var parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let query = [
                "bucket=\(PercentEncoding.encode(bucket.utf8, keepingSlash: false))",
                "key=\(PercentEncoding.encode(key.bytes, keepingSlash: false))",
                "etag=\(PercentEncoding.encode("\"\(etag)\"".utf8, keepingSlash: false))",
            ].joined(separator: "&")
            parts[0] += (parts[0].contains("?") ? "&" : "?") + query
            self = .redirect(parts.joined(separator: "#"))
            return
        }
        let status = form["success_action_status"].flatMap { Int($0) } ?? 204
        self = .status([200, 201, 204].contains(status) ? status : 204)
    }

    /// `http` or `https`, with a host, and nothing that could break out of a header.
    private static func isAbsolute(_ text: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else {
            return false
        }
        let rest = text.dropFirst(scheme.count)
        return rest.first.map { $0 != "/" && $0 != "?" && $0 != "#" } ?? false
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    /// The body of a 201.
    package static func document(location: String, bucket: String, key: ObjectKey, etag: String) -> [UInt8] {
        var xml = XMLWriter()
        xml.openRoot("PostResponse", namespace: false)
        xml.element("Location", location)
        xml.element("Bucket", bucket)
        xml.element("Key", bytes: key.bytes)
        xml.element("ETag", quoting: etag)
        xml.close("PostResponse")
        return xml.finish()
    }
}
