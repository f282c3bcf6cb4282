package import TernCore

/// User metadata: the `x-amz-meta-*` headers (spec rules MET-1 and MET-2).
package enum UserMetadata {
    /// The most UTF-8 bytes of names (without prefix) and values together.
    package static let maximumByteCount = 2048

    private static let prefix = "x-amz-meta-"

    /// The user metadata of a request, in order of first appearance.
    ///
    /// Names are without their prefix and in lower case; values are RFC 2047-decoded, and those of a repeated header
    /// joined with `,`.
    ///
    /// - Throws: `MetadataTooLarge`.
    package static func collect(_ headers: HeaderFields) throws(S3Error) -> [HeaderFields.Field] {
        var entries: [HeaderFields.Field] = []
        for field in headers.fields where field.name.hasPrefix(self.prefix) {
            let name = String(field.name.dropFirst(self.prefix.count))
            let value = EncodedWord.decode(field.value)
            if let index = entries.firstIndex(where: { $0.name == name }) {
                entries[index].value += "," + value
            } else {
                entries.append(HeaderFields.Field(name: name, value: value))
            }
        }
        let byteCount = entries.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        if byteCount > self.maximumByteCount { throw .metadataTooLarge(byteCount: byteCount) }
        return entries
    }

    /// Appends stored entries to the header of an answer.
    ///
    /// A value with non-ASCII characters is RFC 2047-encoded. One with control characters cannot be sent at all: it is
    /// left out and counted in `x-amz-missing-meta`.
    package static func append(_ entries: some Sequence<HeaderFields.Field>, to headers: inout HeaderFields) {
        var missing = 0
        for entry in entries {
            if !Self.isPrintable(entry.value) {
                missing += 1
            } else if entry.value.utf8.allSatisfy({ $0 < 0x80 }) {
                headers.append(self.prefix + entry.name, entry.value)
            } else {
                headers.append(self.prefix + entry.name, EncodedWord.encode(entry.value))
            }
        }
        if missing > 0 { headers.append("x-amz-missing-meta", String(missing)) }
    }

    private static func isPrintable(_ value: String) -> Bool {
        value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 9 }
    }
}

/// The headers that S3 stores beside user metadata (spec rules MET-3, MET-4, MET-5).
package enum SystemMetadata {
    package static let defaultContentType = "binary/octet-stream"

    /// Names of the stored headers, in the order in which ``collect(_:)`` returns them.
    package static let names = [
        "content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
        "x-amz-website-redirect-location",
    ]

    /// The largest redirect location, in bytes.
    private static let maximumRedirectByteCount = 2048

    /// The system metadata of a request, as sent; always with a `content-type`.
    ///
    /// - Throws: `InvalidRedirectLocation`.
    package static func collect(_ headers: HeaderFields) throws(S3Error) -> [HeaderFields.Field] {
        var entries: [HeaderFields.Field] = []
        for name in self.names {
            let value = headers.values(name).joined(separator: ",")
            switch name {
            case "content-type":
                entries.append(.init(name: name, value: value.isEmpty ? self.defaultContentType : value))
            case "content-encoding":
                let stored = self.withoutChunking(value)
                if !stored.isEmpty { entries.append(.init(name: name, value: stored)) }
            case "x-amz-website-redirect-location":
                guard headers.contains(name) else { continue }
                try self.checkRedirect(value)
                entries.append(.init(name: name, value: value))
            default:
                if !value.isEmpty { entries.append(.init(name: name, value: value)) }
            }
        }
        return entries
    }

    /// `aws-chunked` describes the transfer, not the object.
    private static func withoutChunking(_ value: String) -> String {
        let codings = value.split(separator: ",", omittingEmptySubsequences: true)
        let kept = codings.filter { $0.trimmingBlanks.lowercased() != "aws-chunked" }
        if kept.count == codings.count { return value }
        return kept.map { String($0.trimmingBlanks) }.joined(separator: ",")
    }

    private static func checkRedirect(_ value: String) throws(S3Error) {
        if value.isEmpty { throw .emptyRedirectLocation }
        guard ["/", "http://", "https://"].contains(where: { value.hasPrefix($0) }) else {
            throw .redirectLocationPrefix
        }
        if value.utf8.count > self.maximumRedirectByteCount { throw .redirectLocationTooLong }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without blanks and tabs at both ends.
    var trimmingBlanks: Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return self.drop(while: isBlank).reversedTrim(isBlank)
    }
}

extension Substring {
    fileprivate func reversedTrim(_ isBlank: (Character) -> Bool) -> Substring {
        var end = self.endIndex
        while end > self.startIndex, isBlank(self[self.index(before: end)]) { end = self.index(before: end) }
        return self[..<end]
    }
}
