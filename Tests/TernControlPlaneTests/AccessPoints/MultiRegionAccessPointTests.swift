import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol
import TernTestSupport
import Testing

@Suite("Multi-Region Access Points: what is asked and what comes of it")
struct MultiRegionAccessPointTests {
    private typealias Fixture = AccessPointFixture

    @Test("MRP-1: an access point is ready once its buckets were found")
    func creation() async throws {
        let points = try await Fixture()
        let id = try await points.take(Fixture.creation("point", "virginia", "ireland"))
        let making = try #require(points.record("point"))
        #expect(making.status == .creating)
        // Requests do not meet it yet.
        #expect(points.catalog.multiRegionAccessPoint(alias: making.alias) == nil)
        try await points.work.workOff()
        let request = try #require(points.catalog.state.request(id: id, of: Fixture.alice))
        #expect(request.status == .succeeded)
        #expect(request.regions == ["us-east-1", "eu-west-1"])
        let point = try #require(points.catalog.multiRegionAccessPoint(alias: making.alias))
        #expect(point.arn == "arn:aws:s3::111111111111:accesspoint/\(making.alias)")
        #expect(point.routes.map(\.bucket) == ["virginia", "ireland"])
        #expect(point.routes.allSatisfy { $0.isActive && $0.bucketAccount == Fixture.alice })
        #expect(point.publicAccessBlock == .everything)
        #expect(point.policy == nil)
    }

    @Test("MRP-1: an alias has 13 characters before .mrap, and is never given again")
    func aliases() async throws {
        let points = try await Fixture()
        var seen: Set<String> = []
        for _ in 0..<5 {
            _ = try await points.perform(Fixture.creation("point", "virginia"))
            let alias = try #require(points.record("point")).alias
            #expect(alias.count == 18 && alias.hasSuffix(".mrap"))
            seen.insert(alias)
            _ = try await points.perform(Fixture.deletion("point"))
            #expect(points.catalog.multiRegionAccessPoint(alias: alias) == nil)
        }
        #expect(seen.count == 5)
        // Whoever draws an alias of before draws again.
        var drawn = Array(seen) + ["anew000000000.mrap"]
        var request = MultiRegionAccessPointRequestRecord()
        request.account = Fixture.alice.description
        request.clientToken = "another"
        request.parameters = Fixture.creation("point", "virginia")
        let taken = request
        let plan = try points.catalog.state.taking(taken) { drawn.removeFirst() }
        #expect(drawn.isEmpty)
        #expect(plan.writes.count == 2)
    }

    @Test(
        "MRP-2: what is wrong with buckets ends the request, with the reason",
        arguments: [
            ("missing", "NoSuchBucket"), ("dublin", "MultiRegionAccessPointSameBucketRegion"),
            ("ireland", "MultiRegionAccessPointSameBucketRegion"), ("foreign", "AccessDenied"),
        ])
    func failures(bucket: String, code: String) async throws {
        let points = try await Fixture()
        let request = try await points.perform(Fixture.creation("point", "ireland", bucket))
        #expect(request?.status == .failed)
        #expect(request?.errorCode == code)
        #expect(request?.errorResource == bucket)
        #expect(request?.regions == [])
        #expect(points.record("point") == nil)
    }

    @Test("MRP-2: a client token stands for one request")
    func clientTokens() async throws {
        let points = try await Fixture()
        let first = try await points.take(Fixture.creation("point", "virginia"), token: "t")
        #expect(try await points.take(Fixture.creation("point", "virginia"), token: "t") == first)
        try await points.work.workOff()
        #expect(try await points.take(Fixture.creation("point", "virginia"), token: "t") == first)
        await #expect(throws: S3Error.clientTokenReused) {
            try await points.take(Fixture.creation("point", "ireland"), token: "t")
        }
        await #expect(throws: S3Error.clientTokenReused) {
            try await points.take(Fixture.deletion("point"), token: "t")
        }
        // Another account's is another.
        let other = try await points.take(Fixture.creation("point", "foreign"), token: "t", account: Fixture.bob)
        #expect(other != first)
        // What was done stays done, whatever the state is by now.
        let removal = try await points.take(Fixture.deletion("point"), token: "d")
        try await points.work.workOff()
        #expect(try await points.take(Fixture.deletion("point"), token: "d") == removal)
    }

    @Test("MRP-2: of two requests for one name, the first has it")
    func oneName() async throws {
        let points = try await Fixture()
        let first = try await points.take(Fixture.creation("point", "virginia"))
        let second = try await points.take(Fixture.creation("point", "ireland"))
        try await points.work.workOff()
        #expect(points.catalog.state.request(id: first, of: Fixture.alice)?.status == .succeeded)
        let refused = points.catalog.state.request(id: second, of: Fixture.alice)
        #expect(refused?.errorCode == "MultiRegionAccessPointAlreadyOwnedByYou")
        #expect(points.record("point")?.regions.map(\.bucket) == ["virginia"])
    }

    @Test("MRP-2: where the first request fails, the second has the name")
    func secondHasTheName() async throws {
        let points = try await Fixture()
        let first = try await points.take(Fixture.creation("point", "missing"))
        let second = try await points.take(Fixture.creation("point", "ireland"))
        let removal = try await points.take(Fixture.deletion("point"))
        let third = try await points.take(Fixture.creation("point", "virginia"))
        try await points.work.workOff()
        let states = [first, second, removal, third].map {
            points.catalog.state.request(id: $0, of: Fixture.alice)?.status
        }
        #expect(states == [.failed, .succeeded, .succeeded, .succeeded])
        #expect(points.record("point")?.regions.map(\.bucket) == ["virginia"])
    }

    @Test("MRP-3: a bucket is in use by an access point of its account, also while that is made or deleted")
    func use() async throws {
        let points = try await Fixture()
        let catalog = points.catalog
        #expect(try await !catalog.isInUse(bucket: "virginia", by: Fixture.alice))
        _ = try await points.take(Fixture.creation("point", "virginia"))
        #expect(try await catalog.isInUse(bucket: "virginia", by: Fixture.alice))
        try await points.work.workOff()
        #expect(try await catalog.isInUse(bucket: "virginia", by: Fixture.alice))
        #expect(try await !catalog.isInUse(bucket: "virginia", by: Fixture.bob))
        #expect(try await !catalog.isInUse(bucket: "ireland", by: Fixture.alice))
        _ = try await points.take(Fixture.deletion("point"))
        #expect(points.record("point")?.status == .deleting)
        #expect(try await catalog.isInUse(bucket: "virginia", by: Fixture.alice))
        try await points.work.workOff()
        #expect(try await !catalog.isInUse(bucket: "virginia", by: Fixture.alice))
    }

    @Test("MRP-4: what is not there is neither deleted nor given a policy")
    func unknown() async throws {
        let points = try await Fixture()
        await #expect(throws: S3Error.noSuchMultiRegionAccessPoint("point")) {
            try await points.take(Fixture.deletion("point"))
        }
        await #expect(throws: S3Error.noSuchMultiRegionAccessPoint("point")) {
            try await points.take(Fixture.policy("point", "{}"))
        }
        #expect(try await points.log.rows(prefix: []).isEmpty)
    }

    @Test("MRP-1: an account has at most 100")
    func limit() async throws {
        let points = try await Fixture()
        for index in 0..<100 { _ = try await points.take(Fixture.creation("point-\(index)", "virginia")) }
        await #expect(throws: S3Error.tooManyMultiRegionAccessPoints) {
            try await points.take(Fixture.creation("more", "virginia"))
        }
        _ = try await points.take(Fixture.creation("more", "foreign"), account: Fixture.bob)
    }

    @Test("Rows that the log brings are what the home region has, after a restart too")
    func following() async throws {
        let points = try await Fixture()
        let copy = MultiRegionAccessPointCatalog(log: points.log, freshness: HomeDirectoryFreshness())
        _ = try await points.perform(Fixture.creation("point", "virginia", "ireland"))
        _ = try await points.perform(Fixture.creation("gone", "virginia"))
        _ = try await points.perform(Fixture.deletion("gone"))
        try await copy.refresh(points.log.rows(prefix: []).map(\.key))
        let started = MultiRegionAccessPointCatalog(log: points.log, freshness: HomeDirectoryFreshness())
        try await started.load()
        for other in [copy, started] {
            #expect(other.state.record(named: "point", in: Fixture.alice) == points.record("point"))
            #expect(other.state.record(named: "gone", in: Fixture.alice) == nil)
            #expect(other.state.page(in: Fixture.alice, after: "", limit: 10).records.count == 1)
        }
    }

    @Test("Requests are forgotten 90 days after they were done")
    func forgetting() async throws {
        let points = try await Fixture()
        let old = try await points.take(Fixture.creation("point", "virginia"))
        try await points.work.workOff()
        points.clock.advance(by: .seconds(89 * 86400))
        _ = try await points.perform(Fixture.deletion("point"))
        #expect(points.catalog.state.request(id: old, of: Fixture.alice) != nil)
        points.clock.advance(by: .seconds(2 * 86400))
        _ = try await points.perform(Fixture.creation("point", "virginia"))
        #expect(points.catalog.state.request(id: old, of: Fixture.alice) == nil)
    }
}
