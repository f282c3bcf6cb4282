package import TernCore

/// The XML of the tagging calls of objects and buckets (spec s3-api §9.1).
package enum TaggingXML {
    /// Reads and checks `Tagging{TagSet{Tag{Key, Value}}}`.
    ///
    /// - Throws: `MissingRequestBodyError`, `MaxMessageLengthExceeded`, `MalformedXML` also for a tag without `Key` or
    ///   `Value`, `BadRequest` for too many, or `InvalidTag`.
    package static func decode(_ bytes: [UInt8], of subject: TagRules.Subject) throws(S3Error) -> [Tag] {
        let root = try RequestDocument.parse(bytes, root: "Tagging")
        guard let tagSet = root["TagSet"] else { throw .malformedXML }
        let tags = try self.tags(in: tagSet)
        try TagRules.check(tags, of: subject)
        return tags
    }

    /// The `Tag` children of an element, in order, unchecked; other elements are ignored (ERR-11).
    package static func tags(in node: XMLNode) throws(S3Error) -> [Tag] {
        var tags: [Tag] = []
        for child in node.children where child.name == "Tag" {
            guard let key = try child.leafText(of: "Key"), let value = try child.leafText(of: "Value") else {
                throw .malformedXML
            }
            tags.append(Tag(key: key, value: value))
        }
        return tags
    }

    /// The document of GetObjectTagging and GetBucketTagging.
    package static func encode(_ tags: [Tag]) -> [UInt8] {
        var writer = XMLWriter(capacity: 256 + tags.count * 64)
        writer.openRoot("Tagging")
        if tags.isEmpty {
            writer.empty("TagSet")
        } else {
            writer.open("TagSet")
            for tag in tags {
                writer.open("Tag")
                writer.element("Key", tag.key)
                writer.element("Value", tag.value)
                writer.close("Tag")
            }
            writer.close("TagSet")
        }
        writer.close("Tagging")
        return writer.finish()
    }
}
