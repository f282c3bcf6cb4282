import TernCore
import TernPorts
import TernS3Protocol
import Testing

@testable import TernS3API

@Suite struct MultiRegionAccessPointTests {
    private static let owner = AccountID(trusted: "111111111111")

    private static func accessPoint(_ regions: [String], active: Set<String>) -> MultiRegionAccessPoint {
        MultiRegionAccessPoint(
            account: self.owner, name: "point", alias: "m0123456789ab.mrap",
            routes: regions.map {
                MultiRegionAccessPoint.Route(
                    region: RegionName(trusted: $0), bucket: "bucket-\($0)", bucketAccount: self.owner,
                    trafficDial: active.contains($0) ? 100 : 0)
            }, policy: nil, publicAccessBlock: .everything)
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

    @Test("MRP-14: the ID of an upload leads to the region that began it, active or not")
    func uploads() {
        let point = Self.accessPoint(["us-east-1", "eu-west-1"], active: ["us-east-1"])
        func id(_ region: String) -> String {
            VersionID(
                stamp: HybridTimestamp(rawValue: 1 << 40), origin: RegionName(trusted: region).tag, random: 7
            ).wireForm
        }
        #expect(point.route(ofUpload: id("us-east-1"))?.bucket == "bucket-us-east-1")
        #expect(point.route(ofUpload: id("eu-west-1"))?.bucket == "bucket-eu-west-1")
        #expect(point.route(ofUpload: id("ap-south-1")) == nil)
        for text in ["", "null", "id", String(id("eu-west-1").dropLast())] {
            #expect(point.route(ofUpload: text) == nil)
        }
    }
}
