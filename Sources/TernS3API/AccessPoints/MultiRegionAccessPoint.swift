package import TernCore
package import TernPolicy
package import TernS3Protocol

/// A Multi-Region Access Point as requests through it need it (identity-and-control §9.1).
package struct MultiRegionAccessPoint: Sendable {
    /// The bucket of one region behind it.
    package struct Route: Hashable, Sendable {
        package var region: RegionName
        package var bucket: String
        /// The account that owned the bucket when it became part of the access point.
        package var bucketOwner: AccountID
        /// Whether requests are sent there: its traffic dial is 100 (live-replication W-24).
        package var isActive: Bool

        package init(region: RegionName, bucket: String, bucketOwner: AccountID, isActive: Bool) {
            self.region = region
            self.bucket = bucket
            self.bucketOwner = bucketOwner
            self.isActive = isActive
        }
    }

    /// With its suffix, `….mrap`.
    package var alias: String
    package var owner: AccountID
    package var policy: CompiledPolicy?
    package var publicAccessBlock: PublicAccessBlock
    /// In the order in which it was created.
    package var routes: [Route]

    package init(
        alias: String, owner: AccountID, policy: CompiledPolicy?, publicAccessBlock: PublicAccessBlock, routes: [Route]
    ) {
        self.alias = alias
        self.owner = owner
        self.policy = policy
        self.publicAccessBlock = publicAccessBlock
        self.routes = routes
    }

    package var arn: String { "arn:aws:s3::\(self.owner):accesspoint/\(self.alias)" }

    package var isPolicyPublic: Bool { self.policy?.isPublic == true }

    /// What policies call the access point, or an object behind it (MRP-16).
    package func resource(of key: ObjectKey?) -> String {
        self.arn + (key.map { "/object/\($0)" } ?? "")
    }

    /// The condition keys that policies see, the bucket's among them.
    var conditions: [String: [String]] {
        [
            "s3:DataAccessPointArn": [self.arn], "s3:DataAccessPointAccount": [self.owner.description],
            "s3:AccessPointNetworkOrigin": ["Internet"],
        ]
    }

    package func route(in region: RegionName) -> Route? { self.routes.first { $0.region == region } }

    /// Where a request goes that reaches a region (MRP-14): it stays there if its bucket is active, else it goes to the
    /// nearest active one. Those whose distance is not known come last, in the order of creation.
    ///
    /// - Parameter distance: How far a region is away, in any unit.
    /// - Returns: `nil` where none is active.
    package func destination(from region: RegionName, distance: (RegionName) -> Double?) -> Route? {
        let active = self.routes.filter(\.isActive)
        if let own = active.first(where: { $0.region == region }) { return own }
        var nearest: (route: Route, distance: Double)?
        for route in active {
            let distance = distance(route.region) ?? .infinity
            if let nearest, nearest.distance <= distance { continue }
            nearest = (route, distance)
        }
        return nearest?.route
    }
}

/// Where the Multi-Region Access Points of the federation are looked up, in this region's own copy.
package protocol AccessPointDirectory: Sendable {
    /// - Parameter alias: With its suffix.
    func accessPoint(alias: String) -> MultiRegionAccessPoint?

    /// Whether there is none.
    var isEmpty: Bool { get }
}
