package import TernCore
package import TernPorts

/// The regions that belong together, as each of them is told.
package struct FederationConfiguration: Sendable {
    /// This region.
    package var region: RegionName
    /// The region that keeps the bucket names.
    package var home: RegionName
    /// All regions and where they answer.
    package let regions: RegionMap
    /// The credential that the regions know each other by.
    package var accessKeyID: String
    package var secret: String
    /// Where this region answers, for `status`.
    package var ownEndpoint: String

    package init(
        region: RegionName,
        home: RegionName,
        regions: RegionMap,
        accessKeyID: String,
        secret: String,
        ownEndpoint: String
    ) {
        self.region = region
        self.home = home
        self.regions = regions
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.ownEndpoint = ownEndpoint
    }

    package var isHome: Bool { self.region == self.home }

    /// The service in the scope of signatures between regions.
    package static let signingService = "tern"
}
