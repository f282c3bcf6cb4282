import TernControlPlane
import TernCore
import TernPolicy
import TernPorts
import TernRecords
import TernS3Protocol
import Testing

@Suite("Multi-Region Access Points: routes and policies")
struct MultiRegionAccessPointRouteTests {
    private typealias Fixture = AccessPointFixture
    private typealias Update = MultiRegionAccessPointRouteUpdate

    private func ready() async throws -> AccessPointFixture {
        let points = try await Fixture()
        _ = try await points.perform(Fixture.creation("point", "virginia", "ohio", "ireland"))
        return points
    }

    private func dials(_ points: AccessPointFixture) -> [UInt32]? { points.record("point")?.regions.map(\.trafficDial) }

    @Test("W-25: routes that are not named stay as they are")
    func someRoutes() async throws {
        let points = try await self.ready()
        try await points.submit("point", Update(bucket: "virginia", region: nil, trafficDial: 0))
        #expect(self.dials(points) == [0, 100, 100])
        try await points.submit(
            "point", Update(bucket: nil, region: "us-east-1", trafficDial: 100),
            Update(bucket: "ohio", region: "us-east-2", trafficDial: 0))
        #expect(self.dials(points) == [100, 0, 100])
        let alias = try #require(points.record("point")).alias
        let routes = points.catalog.multiRegionAccessPoint(alias: alias)?.routes
        #expect(routes?.map(\.isActive) == [true, false, true])
    }

    @Test(
        "W-24: a route is named by its bucket, its region or both, with 0 or 100",
        arguments: [
            [Update(bucket: nil, region: nil, trafficDial: 0)],
            [Update(bucket: "virginia", region: "eu-west-1", trafficDial: 0)],
            [Update(bucket: "missing", region: nil, trafficDial: 0)],
            [Update(bucket: nil, region: "ap-south-1", trafficDial: 0)],
            [Update(bucket: "virginia", region: nil, trafficDial: 1)],
            [Update(bucket: "virginia", region: nil, trafficDial: -100)],
            [
                Update(bucket: "virginia", region: nil, trafficDial: 0),
                Update(bucket: nil, region: "us-east-1", trafficDial: 100),
            ],
            [],
        ])
    func refused(updates: [MultiRegionAccessPointRouteUpdate]) async throws {
        let points = try await self.ready()
        let alias = try #require(points.record("point")).alias
        let error = #expect(throws: S3Error.self) {
            try points.catalog.state.submitting(updates, to: alias, of: Fixture.alice)
        }
        #expect(error?.code == "InvalidRequest")
    }

    @Test("W-25: at least one route is active")
    func oneActive() async throws {
        let points = try await self.ready()
        let all = ["virginia", "ohio", "ireland"].map { Update(bucket: $0, region: nil, trafficDial: 0) }
        try await points.submit("point", all[0], all[1])
        let error = await #expect(throws: S3Error.self) { try await points.submit("point", all[2]) }
        #expect(error?.code == "InvalidRequest")
        #expect(self.dials(points) == [0, 0, 100])
    }

    @Test("W-27: an access point with one region, one that is being deleted, and one that is not there")
    func otherStates() async throws {
        let points = try await self.ready()
        let update = Update(bucket: "virginia", region: nil, trafficDial: 100)
        _ = try await points.perform(Fixture.creation("single", "virginia"))
        await #expect(throws: S3Error.routesOfSingleRegion) { try await points.submit("single", update) }
        _ = try await points.take(Fixture.deletion("point"))
        await #expect(throws: S3Error.multiRegionAccessPointNotReady) { try await points.submit("point", update) }
        await #expect(throws: S3Error.noSuchMultiRegionAccessPoint("a.mrap")) {
            try await points.submit("a.mrap", update)
        }
    }

    // MARK: Policies

    private func policy(_ points: AccessPointFixture, principal: String, resource: String = "/object/*") -> String {
        let arn = points.record("point")?.arn ?? ""
        return "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\(principal),"
            + "\"Action\":\"s3:GetObject\",\"Resource\":\"\(arn)\(resource)\"}]}"
    }

    private static let bob = #"{"AWS":"arn:aws:iam::222222222222:root"}"#

    @Test("A policy is proposed, and established once it was checked")
    func established() async throws {
        let points = try await self.ready()
        let policy = self.policy(points, principal: Self.bob)
        _ = try await points.take(Fixture.policy("point", policy))
        #expect(points.record("point")?.proposedPolicy == policy)
        #expect(points.record("point")?.establishedPolicy == "")
        try await points.work.workOff()
        #expect(points.record("point")?.establishedPolicy == policy)
        let alias = try #require(points.record("point")).alias
        #expect(points.catalog.multiRegionAccessPoint(alias: alias)?.policy?.isPublic == false)
    }

    @Test("A policy that is none of the access point fails, and the one before stays")
    func malformed() async throws {
        let points = try await self.ready()
        let good = self.policy(points, principal: Self.bob)
        _ = try await points.perform(Fixture.policy("point", good))
        let nobody = #"{"AWS":"arn:aws:iam::111111111111:user/nobody"}"#
        let elsewhere = good.replacing("accesspoint/", with: "accesspoint/x")
        for bad in [
            "{}", "none", self.policy(points, principal: Self.bob, resource: "/key"), elsewhere,
            self.policy(points, principal: Self.bob, resource: ""), self.policy(points, principal: nobody),
        ] {
            let request = try await points.perform(Fixture.policy("point", bad))
            #expect(request?.errorCode == "MalformedPolicy", "\(bad)")
            #expect(points.record("point")?.establishedPolicy == good)
            #expect(points.record("point")?.proposedPolicy == good)
        }
    }

    @Test("A public policy fails where the access point blocks public policies")
    func publicPolicy() async throws {
        let points = try await self.ready()
        let request = try await points.perform(Fixture.policy("point", self.policy(points, principal: "\"*\"")))
        #expect(request?.errorCode == "AccessDenied")
        #expect(points.record("point")?.establishedPolicy == "")
    }

    @Test("IAM-26: a policy means the user that it named, by its unique ID")
    func bindings() async throws {
        let points = try await self.ready()
        let user = try await points.identities.makeUser("carol")
        let request = try await points.perform(
            Fixture.policy("point", self.policy(points, principal: "{\"AWS\":\"\(user.arn)\"}")))
        #expect(request?.status == .succeeded)
        #expect(points.record("point")?.bindings == [user.arn: user.id])
    }
}
