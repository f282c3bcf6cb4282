package import TernCore
import TernPorts
import TernRecords
package import TernS3Protocol

/// A route as a request names it: by its bucket, its region, or both (W-24).
package struct MultiRegionAccessPointRouteUpdate: Hashable, Sendable {
    package var bucket: String?
    package var region: String?
    package var trafficDial: Int

    package init(bucket: String?, region: String?, trafficDial: Int) {
        self.bucket = bucket
        self.region = region
        self.trafficDial = trafficDial
    }
}

extension MultiRegionAccessPointState {
    /// Makes routes active and passive; those that are not named stay as they are (W-25).
    package func submitting(
        _ updates: [MultiRegionAccessPointRouteUpdate], to alias: String, of account: AccountID
    ) throws(S3Error) -> MultiRegionAccessPointPlan<Void> {
        guard var record = self.record(alias: alias), record.account == account.description else {
            throw .noSuchMultiRegionAccessPoint(alias)
        }
        guard record.status == .ready else { throw .multiRegionAccessPointNotReady }
        guard record.regions.count > 1 else { throw .routesOfSingleRegion }
        guard (1...Self.maximumRegions).contains(updates.count) else {
            throw .invalidRequest("Between 1 and \(Self.maximumRegions) routes must be given.")
        }
        var named: Set<Int> = []
        for update in updates {
            let index = try Self.index(of: update, in: record)
            guard named.insert(index).inserted else {
                throw .invalidRequest(
                    "The route of the region \(record.regions[index].region) is given more than once.")
            }
            record.regions[index].trafficDial = update.trafficDial == 0 ? 0 : 100
        }
        guard record.regions.contains(where: { $0.trafficDial > 0 }) else {
            throw .invalidRequest("At least one route of a Multi-Region Access Point must be active.")
        }
        if record == self.record(alias: alias) { return MultiRegionAccessPointPlan([], ()) }
        return MultiRegionAccessPointPlan([try record.write()], ())
    }

    private static func index(
        of update: MultiRegionAccessPointRouteUpdate, in record: MultiRegionAccessPointRecord
    ) throws(S3Error) -> Int {
        guard update.trafficDial == 0 || update.trafficDial == 100 else {
            throw .invalidRequest("The traffic dial percentage must be 0 or 100.")
        }
        guard update.bucket != nil || update.region != nil else {
            throw .invalidRequest("A route must name its bucket or its region.")
        }
        let index = record.regions.firstIndex { region in
            (update.bucket ?? region.bucket) == region.bucket && (update.region ?? region.region) == region.region
        }
        guard let index else {
            throw .invalidRequest(
                "The Multi-Region Access Point has no route with the given bucket and region.")
        }
        return index
    }
}
