package import TernCore

/// The body of CreateBucket (spec s3-api §12.1).
package struct CreateBucketConfigurationXML: Hashable, Sendable {
    /// As the client wrote it, so that `EU` can be given back; `nil` if there is none.
    package var locationConstraint: String?
    package var tags: [Tag]

    package init(locationConstraint: String? = nil, tags: [Tag] = []) {
        self.locationConstraint = locationConstraint
        self.tags = tags
    }

    /// Reads the body; an empty one says nothing.
    ///
    /// - Throws: `MalformedXML`; `InvalidRequest` for the elements of directory buckets; the faults of tags.
    package init(decoding bytes: [UInt8]) throws(S3Error) {
        self.init()
        if bytes.isEmpty { return }
        let root = try RequestDocument.parse(bytes, root: "CreateBucketConfiguration", "CreateBucketRequest")
        if root["Bucket"] != nil || root["Location"] != nil { throw .directoryBucketsNotSupported }
        if let text = try root.leafText(of: "LocationConstraint"), !text.isEmpty { self.locationConstraint = text }
        if let node = root["Tags"] {
            self.tags = try TaggingXML.tags(in: node)
            try TagRules.check(self.tags, of: .newBucket)
        }
    }

    /// In which region of the federation the bucket is to be made.
    ///
    /// `us-east-1` wants no constraint and makes buckets for others; every other region wants its own name.
    ///
    /// - Parameters:
    ///   - endpoint: The region that received the request.
    ///   - regions: All regions of the federation.
    /// - Throws: `InvalidLocationConstraint` or `IllegalLocationConstraintException`.
    package func region(endpoint: RegionName, regions: Set<RegionName>) throws(S3Error) -> RegionName {
        if endpoint == .usEast1 {
            guard let constraint = self.locationConstraint else { return endpoint }
            guard let region = Self.region(named: constraint), region != endpoint, regions.contains(region) else {
                throw .invalidLocationConstraint(constraint)
            }
            return region
        }
        guard let constraint = self.locationConstraint, Self.region(named: constraint) == endpoint else {
            throw .illegalLocationConstraint(self.locationConstraint)
        }
        return endpoint
    }

    /// `EU` is the old name of `eu-west-1`.
    private static func region(named constraint: String) -> RegionName? {
        RegionName(constraint == "EU" ? "eu-west-1" : constraint)
    }

    /// The document of GetBucketLocation (RGN-8): an empty element for `us-east-1`.
    package static func encodeLocation(region: RegionName, constraint: String?) -> [UInt8] {
        var writer = XMLWriter(capacity: 160)
        writer.openRoot("LocationConstraint")
        if region != .usEast1 { writer.text(constraint ?? region.description) }
        writer.close("LocationConstraint")
        return writer.finish()
    }
}
