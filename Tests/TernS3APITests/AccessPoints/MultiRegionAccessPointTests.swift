import TernCore
import TernS3Protocol
import Testing

@testable import TernS3API

@Suite struct MultiRegionAccessPointTests {
    private static let owner = AccountID(trusted: "111111111111")

    private static func accessPoint(_ regions: [String], active: Set<String>) -> MultiRegionAccessPoint {
        MultiRegionAccessPoint(
            alias: "m0123456789ab.mrap", owner: self.owner, policy: nil, publicAccessBlock: .everything,
            routes: regions.map {
                MultiRegionAccessPoint.Route(
                    region: RegionName(trusted: $0), bucket: "bucket-\($0)", bucketOwner: self.owner,
                    isActive: active.contains($0))
            })
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let why: String
        let active: Set<String>
        let distances: [String: Double]
        let chosen: String?

        init(_ why: String, _ active: Set<String>, _ distances: [String: Double], _ chosen: String?) {
            self.why = why
            self.active = active
            self.distances = distances
            self.chosen = chosen
        }

        var testDescription: String { self.why }
    }

    @Test(
        "MRP-14: a request goes to its own region if that is active, else to the nearest that is",
        arguments: [
            Row("its own region", ["a", "b", "c"], ["b": 0, "c": 0], "a"),
            Row("its own region alone", ["a"], [:], "a"),
            Row("the nearest", ["b", "c"], ["b": 9, "c": 2], "c"),
            Row("one that is measured before one that is not", ["b", "c"], ["c": 80], "c"),
            Row("in the order of creation, where nothing is measured", ["b", "c"], [:], "b"),
            Row("in the order of creation, where two are as near", ["b", "c"], ["b": 5, "c": 5], "b"),
            Row("however near a passive one is", ["c"], ["b": 1, "c": 100], "c"),
            Row("nowhere", [], [:], nil),
        ])
    func destination(_ row: Row) {
        let point = Self.accessPoint(["a", "b", "c"], active: row.active)
        let route = point.destination(from: RegionName(trusted: "a")) { row.distances[$0.description] }
        #expect(route?.region.description == row.chosen)
    }

    @Test("MRP-14: a region without a bucket of the access point hands everything on")
    func withoutBucket() {
        let point = Self.accessPoint(["b", "c"], active: ["c"])
        #expect(point.destination(from: RegionName(trusted: "a")) { _ in nil }?.bucket == "bucket-c")
    }

    @Test("MRP-16: what policies call the access point and what is behind it")
    func resources() {
        let point = Self.accessPoint(["a"], active: ["a"])
        let arn = "arn:aws:s3::111111111111:accesspoint/m0123456789ab.mrap"
        #expect(point.arn == arn)
        #expect(point.resource(of: nil) == arn)
        #expect(point.resource(of: ObjectKey(trusted: Array("a/b".utf8))) == "\(arn)/object/a/b")
        #expect(point.conditions["s3:DataAccessPointArn"] == [arn])
        #expect(point.conditions["s3:DataAccessPointAccount"] == ["111111111111"])
    }

    @Test("MRP-14: an upload's ID names the region that began it, and only there it is taken off")
    func uploads() {
        let here = RegionName(trusted: "us-east-1")
        let id = UploadOrigin.add(here, to: "AbC_-09")
        #expect(UploadOrigin.region(of: id) == here)
        #expect(UploadOrigin.remove(here, from: id) == "AbC_-09")
        #expect(UploadOrigin.remove(RegionName(trusted: "eu-west-1"), from: id) == id)
        #expect(UploadOrigin.remove(here, from: "AbC_-09") == "AbC_-09")
        #expect(UploadOrigin.region(of: "AbC_-09") == nil)
        #expect(UploadOrigin.region(of: "AbC.") == nil)
    }
}
