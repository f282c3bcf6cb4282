package import TernCore
import TernPolicy
package import TernPorts

extension MultiRegionAccessPoint {
    var isPolicyPublic: Bool { self.policy?.isPublic == true }

    /// What policies call the access point, or an object behind it (MRP-16).
    package func resource(of key: ObjectKey?) -> String {
        self.arn + (key.map { "/object/\($0)" } ?? "")
    }

    /// The condition keys that policies see, the bucket's among them.
    var conditions: [String: [String]] {
        [
            "s3:DataAccessPointArn": [self.arn], "s3:DataAccessPointAccount": [self.account.description],
            "s3:AccessPointNetworkOrigin": ["Internet"],
        ]
    }

    package func route(in region: RegionName) -> Route? { self.routes.first { $0.region == region } }

    /// Where an upload was begun, whose parts go there as well, also when routes change meanwhile (MRP-14): its ID carries
    /// the region.
    ///
    /// - Returns: `nil` for what is no ID of an upload to a bucket of the access point.
    package func route(ofUpload id: String) -> Route? {
        guard let origin = VersionID(wireForm: id)?.origin else { return nil }
        return self.routes.first { $0.region.tag == origin }
    }

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
