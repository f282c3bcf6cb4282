import Logging
import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernS3Protocol
import TernTestSupport

/// Multi-Region Access Points over rows in memory, as the home region has them.
struct AccessPointFixture {
    static let alice = AccountID(trusted: IAMFixture.account)
    static let bob = IAMFixture.bob.id

    let clock = ManualClock()
    let random = SeededRandom(seed: 1)
    let log = MemoryControlLog()
    let catalog: MultiRegionAccessPointCatalog
    let identities: IAMFixture
    let work: MultiRegionAccessPointWork

    /// Accounts alone: what else there is may be asked of no one here.
    private struct Accounts: IdentityStore {
        func accessKey(_ id: String, sessionToken: String?) async throws(SessionTokenProblem) -> AccessKey? { nil }

        func account(_ id: AccountID) async -> Account? {
            [IAMFixture.alice, IAMFixture.bob].first { $0.id == id }
        }

        func account(canonicalID: String) async -> Account? { nil }
    }

    private struct Buckets: BucketDirectory {
        var places: [String: BucketPlace]

        func place(ofBucket name: String) async throws(ControlLogError) -> BucketPlace? { self.places[name] }
    }

    init() async throws {
        self.catalog = MultiRegionAccessPointCatalog(log: self.log, freshness: HomeDirectoryFreshness())
        self.identities = try await IAMFixture()
        let places = [
            "virginia": BucketPlace(owner: Self.alice, region: RegionName(trusted: "us-east-1")),
            "ohio": BucketPlace(owner: Self.alice, region: RegionName(trusted: "us-east-2")),
            "ireland": BucketPlace(owner: Self.alice, region: RegionName(trusted: "eu-west-1")),
            "dublin": BucketPlace(owner: Self.alice, region: RegionName(trusted: "eu-west-1")),
            "foreign": BucketPlace(owner: Self.bob, region: RegionName(trusted: "ap-south-1")),
        ]
        self.work = MultiRegionAccessPointWork(
            catalog: self.catalog, buckets: Buckets(places: places), identities: Accounts(),
            principals: self.identities.catalog, publicAccess: AccountSettings(log: MemoryControlLog()),
            wall: self.clock, random: self.random, logger: Logger(label: "test"))
        try await self.catalog.load()
    }

    static func creation(_ name: String, _ buckets: String...) -> MultiRegionAccessPointRequestRecord.OneOf_Parameters {
        var wanted = MultiRegionAccessPointCreation()
        wanted.name = name
        wanted.regions = buckets.map { bucket in
            var region = MultiRegionAccessPointCreation.Region()
            region.bucket = bucket
            return region
        }
        return .creation(wanted)
    }

    static func deletion(_ name: String) -> MultiRegionAccessPointRequestRecord.OneOf_Parameters {
        var wanted = MultiRegionAccessPointDeletion()
        wanted.name = name
        return .deletion(wanted)
    }

    static func policy(_ name: String, _ text: String) -> MultiRegionAccessPointRequestRecord.OneOf_Parameters {
        var wanted = MultiRegionAccessPointPolicyChange()
        wanted.name = name
        wanted.policy = text
        return .policyChange(wanted)
    }

    /// Takes a request; its ID.
    func take(
        _ parameters: MultiRegionAccessPointRequestRecord.OneOf_Parameters, token: String? = nil,
        account: AccountID = Self.alice
    ) async throws(S3Error) -> String {
        var request = MultiRegionAccessPointRequestRecord()
        request.id = MultiRegionAccessPointIDs.makeRequestID(self.random)
        request.account = account.description
        request.clientToken = token ?? request.id
        request.createdMs = self.clock.now.milliseconds
        request.requestID = "request"
        request.parameters = parameters
        let taken = request
        let random = self.random
        return try await self.catalog.change { state throws(S3Error) in
            try state.taking(taken) { MultiRegionAccessPointIDs.makeAlias(random) }
        }
    }

    /// Takes a request, and does all that waits; what came of it.
    func perform(
        _ parameters: MultiRegionAccessPointRequestRecord.OneOf_Parameters, account: AccountID = Self.alice
    ) async throws -> MultiRegionAccessPointRequestRecord? {
        let id = try await self.take(parameters, account: account)
        try await self.work.workOff()
        return self.catalog.state.request(id: id, of: account)
    }

    func record(_ name: String) -> MultiRegionAccessPointRecord? {
        self.catalog.state.record(named: name, in: Self.alice)
    }

    func submit(_ name: String, _ updates: MultiRegionAccessPointRouteUpdate...) async throws(S3Error) {
        let alias = self.record(name)?.alias ?? name
        try await self.catalog.change { state throws(S3Error) in
            try state.submitting(updates, to: alias, of: Self.alice)
        }
    }
}
