package import TernCore

/// The `x-amz-tagging` header: tags as a URL-encoded query (spec rule TAG-4).
package enum TaggingHeader {
    /// Reads and checks the tags of an object.
    ///
    /// - Throws: `InvalidArgument` if the value cannot be decoded or repeats a key; `BadRequest` for too many tags;
    ///   `InvalidTag`.
    package static func decode(_ value: String) throws(S3Error) -> [Tag] {
        var tags: [Tag] = []
        var seen: Set<[UInt8]> = []
        for pair in value.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = PercentEncoding.decodeText(halves[0], plusIsSpace: true),
                let tagValue = halves.count == 2 ? PercentEncoding.decodeText(halves[1], plusIsSpace: true) : "",
                seen.insert(Array(key.utf8)).inserted
            else { throw .malformedTaggingHeader(value) }
            tags.append(Tag(key: key, value: tagValue))
        }
        try TagRules.check(tags, of: .object)
        return tags
    }

    /// Writes tags so that ``decode(_:)`` reads the same.
    package static func encode(_ tags: [Tag]) -> String {
        var result: [UInt8] = []
        for tag in tags {
            if !result.isEmpty { result.append(UInt8(ascii: "&")) }
            PercentEncoding.appendEncoded(tag.key.utf8, keepingSlash: false, to: &result)
            result.append(UInt8(ascii: "="))
            PercentEncoding.appendEncoded(tag.value.utf8, keepingSlash: false, to: &result)
        }
        return String(decoding: result, as: UTF8.self)
    }
}
