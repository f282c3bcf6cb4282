package import TernCore
package import TernPolicy
package import TernS3Protocol

/// A Multi-Region Access Point as requests meet it: buckets in several regions behind one name.
package struct MultiRegionAccessPoint: Sendable {
    /// One of its buckets, and whether requests may be sent there.
    package struct Route: Hashable, Sendable {
        package var region: RegionName
        package var bucket: String
        package var bucketAccount: AccountID
        /// 100 for an active route, 0 for a passive one (W-24).
        package var trafficDial: Int

        package init(region: RegionName, bucket: String, bucketAccount: AccountID, trafficDial: Int) {
            self.region = region
            self.bucket = bucket
            self.bucketAccount = bucketAccount
            self.trafficDial = trafficDial
        }

        package var isActive: Bool { self.trafficDial > 0 }
    }

    package var account: AccountID
    package var name: String
    /// 13 lower-case letters and digits, and `.mrap` (MRP-1).
    package var alias: String
    package var routes: [Route]
    /// Its established policy, ready for decisions; `nil` for none.
    package var policy: CompiledPolicy?
    package var publicAccessBlock: PublicAccessBlock

    package init(
        account: AccountID, name: String, alias: String, routes: [Route], policy: CompiledPolicy?,
        publicAccessBlock: PublicAccessBlock
    ) {
        self.account = account
        self.name = name
        self.alias = alias
        self.routes = routes
        self.policy = policy
        self.publicAccessBlock = publicAccessBlock
    }

    /// For example `arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap`.
    package var arn: String { Self.arn(account: self.account, alias: self.alias) }

    package static func arn(account: AccountID, alias: String) -> String {
        "arn:aws:s3::\(account):accesspoint/\(alias)"
    }

    /// What every alias ends with.
    package static let aliasSuffix = ".mrap"
}

/// The Multi-Region Access Points of the federation, in this region's own copy.
package protocol MultiRegionAccessPoints: Sendable {
    /// The access point of an alias, `.mrap` included; `nil` for one that is not there, still in the making or on its way
    /// out. Asked for each request: it looks into memory alone.
    func multiRegionAccessPoint(alias: String) -> MultiRegionAccessPoint?

    /// Whether a bucket belongs to an access point of that account, and so must not be deleted (MRP-3): by what the home
    /// region knows.
    ///
    /// - Throws: `ServiceUnavailable` where the home region cannot be asked.
    func isInUse(bucket: String, by account: AccountID) async throws(S3Error) -> Bool
}
