/// ETags as text: with quotes in headers and most XML, without in storage and comparisons.
package enum ETagText {
    package static func quoted(_ etag: String) -> String { "\"\(etag)\"" }

    /// Without blanks around and one pair of quotes; a weak mark `W/` goes too, since S3 compares all alike.
    package static func unquoted(_ text: String) -> String {
        var rest = text.trimmingBlanks
        if rest.hasPrefix("W/") { rest = rest.dropFirst(2) }
        if rest.utf8.count >= 2, rest.hasPrefix("\""), rest.hasSuffix("\"") { rest = rest.dropFirst().dropLast() }
        return String(rest)
    }

    /// Whether `etag` (unquoted) is in the value of `If-Match` or `If-None-Match`: a list separated by commas, with or
    /// without quotes, or `*` for any (spec §5.1).
    package static func isMatch(_ etag: String, in list: String) -> Bool {
        list.split(separator: ",").contains { entry in
            let candidate = self.unquoted(String(entry))
            return candidate == "*" || candidate == etag
        }
    }
}
