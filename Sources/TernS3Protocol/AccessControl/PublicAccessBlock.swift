package import TernCore

/// The four settings of Block Public Access (spec s3-api §9.3).
package struct PublicAccessBlock: Hashable, Sendable {
    package var blockPublicAcls = false
    package var ignorePublicAcls = false
    package var blockPublicPolicy = false
    package var restrictPublicBuckets = false

    package init() {}

    /// Of two levels, the stricter in each setting: what holds for a bucket is what it or its account blocks.
    package func union(_ other: PublicAccessBlock) -> PublicAccessBlock {
        var all = self
        all.blockPublicAcls = self.blockPublicAcls || other.blockPublicAcls
        all.ignorePublicAcls = self.ignorePublicAcls || other.ignorePublicAcls
        all.blockPublicPolicy = self.blockPublicPolicy || other.blockPublicPolicy
        all.restrictPublicBuckets = self.restrictPublicBuckets || other.restrictPublicBuckets
        return all
    }

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
        try self.init(RequestDocument.parse(bytes, root: "PublicAccessBlockConfiguration"))
    }

    /// Reads the settings of an element of any name; those that are missing are `false`.
    package init(_ node: XMLNode) throws(S3Error) {
        self.blockPublicAcls = try node.flag("BlockPublicAcls")
        self.ignorePublicAcls = try node.flag("IgnorePublicAcls")
        self.blockPublicPolicy = try node.flag("BlockPublicPolicy")
        self.restrictPublicBuckets = try node.flag("RestrictPublicBuckets")
    }

    /// Whether a document sets anything: an account's must.
    package static func hasSettings(_ bytes: [UInt8]) throws(S3Error) -> Bool {
        try !RequestDocument.parse(bytes, root: "PublicAccessBlockConfiguration").children.isEmpty
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

/// What accounts block in all their buckets (spec identity-and-control §9.2).
package protocol AccountPublicAccess: Sendable {
    func publicAccessBlock(of account: AccountID) -> PublicAccessBlock
}
