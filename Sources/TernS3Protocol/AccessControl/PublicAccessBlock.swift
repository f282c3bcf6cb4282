/// The four settings of Block Public Access (spec s3-api §9.3).
package struct PublicAccessBlock: Hashable, Sendable {
    package var blockPublicAcls = false
    package var ignorePublicAcls = false
    package var blockPublicPolicy = false
    package var restrictPublicBuckets = false

    package init() {}

    /// What a new bucket has.
    package static let everything: PublicAccessBlock = {
        var all = PublicAccessBlock()
        all.blockPublicAcls = true
        all.ignorePublicAcls = true
        all.blockPublicPolicy = true
        all.restrictPublicBuckets = true
        return all
    }()

    /// Reads `PublicAccessBlockConfiguration`; elements that are missing are `false`.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        let root = try RequestDocument.parse(bytes, root: "PublicAccessBlockConfiguration")
        self.blockPublicAcls = try root.flag("BlockPublicAcls")
        self.ignorePublicAcls = try root.flag("IgnorePublicAcls")
        self.blockPublicPolicy = try root.flag("BlockPublicPolicy")
        self.restrictPublicBuckets = try root.flag("RestrictPublicBuckets")
    }

    package func encode() -> [UInt8] {
        var writer = XMLWriter(capacity: 384)
        writer.openRoot("PublicAccessBlockConfiguration")
        writer.element("BlockPublicAcls", self.blockPublicAcls)
        writer.element("IgnorePublicAcls", self.ignorePublicAcls)
        writer.element("BlockPublicPolicy", self.blockPublicPolicy)
        writer.element("RestrictPublicBuckets", self.restrictPublicBuckets)
        writer.close("PublicAccessBlockConfiguration")
        return writer.finish()
    }
}

extension XMLNode {
    /// A boolean child. Some clients capitalize it as their language does.
    fileprivate func flag(_ name: String) throws(S3Error) -> Bool {
        switch try self.leafText(of: name)?.lowercased() {
        case nil, "false": return false
        case "true": return true
        default: throw .malformedXML
        }
    }
}
