/// Who owns the objects that others write into a bucket, and whether ACLs have an effect (spec rules ACL-1 to ACL-4).
package enum ObjectOwnership: String, Hashable, Sendable, CaseIterable {
    case bucketOwnerEnforced = "BucketOwnerEnforced"
    case bucketOwnerPreferred = "BucketOwnerPreferred"
    case objectWriter = "ObjectWriter"

    /// The value of `x-amz-object-ownership`.
    ///
    /// - Throws: `InvalidArgument`.
    package init(header value: String) throws(S3Error) {
        guard let known = ObjectOwnership(rawValue: value) else { throw .invalidObjectOwnership(value) }
        self = known
    }

    /// Reads `OwnershipControls{Rule{ObjectOwnership}}`.
    ///
    /// - Throws: `MalformedXML`, also for any number of rules but one.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "OwnershipControls")
        let rules = root.children(named: "Rule")
        guard rules.count == 1, let text = try rules[0].leafText(of: "ObjectOwnership"),
            let known = ObjectOwnership(rawValue: text)
        else { throw .malformedXML }
        self = known
    }

    package func encode() -> [UInt8] {
        var writer = XMLWriter(capacity: 256)
        writer.openRoot("OwnershipControls")
        writer.open("Rule")
        writer.element("ObjectOwnership", self.rawValue)
        writer.close("Rule")
        writer.close("OwnershipControls")
        return writer.finish()
    }
}
