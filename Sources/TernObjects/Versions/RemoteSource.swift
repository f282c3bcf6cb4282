package import TernCore
package import TernPorts
package import TernRecords
package import TernS3Protocol

/// A version of another region's bucket that a copy is to be made of.
package struct RemoteSourceRequest: Sendable {
    package var bucket: String
    package var key: ObjectKey
    /// `nil` for the current version.
    package var version: VersionReference?
    /// The bytes that are wanted; what lies behind the object's end is left out. `nil` for all.
    package var range: Range<Int64>?
    /// On whose behalf: the bucket's region decides whether they may read.
    package var principal: Principal
    /// Condition keys of the request that wants to copy.
    package var context: [String: [String]]
    /// Whether the tags are copied too, which needs a permission of its own.
    package var copiesTags: Bool

    package init(
        bucket: String, key: ObjectKey, version: VersionReference?, range: Range<Int64>?, principal: Principal,
        context: [String: [String]] = [:], copiesTags: Bool = false
    ) {
        self.bucket = bucket
        self.key = key
        self.version = version
        self.range = range
        self.principal = principal
        self.context = context
        self.copiesTags = copiesTags
    }
}

/// Decides in the bucket's region whether a version may be read for a copy in another one.
package protocol SourceAuthorizer: Sendable {
    /// - Throws: `AccessDenied`.
    func authorize(_ request: RemoteSourceRequest, in bucket: BucketState) async throws(S3Error)
}

/// What the bucket's region answers.
package struct RemoteSource: Sendable {
    /// Name, region, owner and versioning of the bucket; the rest is not told.
    package var bucket: BucketRecord
    /// The version or delete marker, without its destinations and places of storage; `nil` if there is none.
    package var version: VersionRecord?
    /// The wanted bytes. It throws an ``S3Error`` where they break off.
    package var body: any HTTPBodySource

    package init(bucket: BucketRecord, version: VersionRecord?, body: any HTTPBodySource) {
        self.bucket = bucket
        self.version = version
        self.body = body
    }
}

/// Reads versions in other regions.
package protocol RemoteSourceReader: Sendable {
    /// Finds the version and begins to read it.
    ///
    /// - Throws: `NoSuchBucket`, `AccessDenied`, or `ServiceUnavailable` when the region cannot be asked.
    func open(_ request: RemoteSourceRequest, in region: RegionName) async throws(S3Error) -> RemoteSource
}
