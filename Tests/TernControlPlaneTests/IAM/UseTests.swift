import TernControlPlane
import TernCore
import TernPorts
import TernRecords
import TernTestSupport
import Testing

@Suite("IAM: when access keys and roles were used last")
struct UseTests {
    private static let region = RegionName(trusted: "eu-west-1")

    private static func use(_ id: String, at milliseconds: Int64, region: String = "us-east-1") -> IAMUseRecord {
        var use = IAMUseRecord()
        use.id = id
        use.usedMs = milliseconds
        use.service = "s3"
        use.region = region
        return use
    }

    private static func session(_ role: IAMRoleRecord) -> Principal {
        .role(
            RoleIdentity(account: IAMFixture.alice, name: role.name, path: "/", id: role.id),
            TemporarySession(name: "s", issuedAt: Timestamp(milliseconds: 0)))
    }

    @Test("A region notes each key and role once an hour, and keeps what it could not tell")
    func noting() async throws {
        let clock = ManualClock()
        let recorder = UseRecorder(region: Self.region, clock: clock)
        let fixture = try await IAMFixture()
        let user = fixture.principal(try await fixture.makeUser("ann"))
        let role = try await fixture.makeRole("role")
        for _ in 0..<100 {
            recorder.note(user, accessKeyID: "AKIAANN", service: "s3")
            recorder.note(user, accessKeyID: "AKIAANN", service: "iam")
            recorder.note(Self.session(role), accessKeyID: "ASIASESSION", service: "s3")
            recorder.note(.anonymous, accessKeyID: nil, service: "s3")
        }
        let first = recorder.take().sorted { $0.id < $1.id }
        #expect(first.map(\.id) == ["AKIAANN", role.id])
        #expect(first.map(\.service) == ["s3", "s3"])
        #expect(first.allSatisfy { $0.region == "eu-west-1" && $0.usedMs == clock.now.milliseconds })
        #expect(recorder.take().isEmpty)
        recorder.giveBack(first)
        #expect(recorder.take().count == 2)
        clock.advance(by: .seconds(3599))
        recorder.note(user, accessKeyID: "AKIAANN", service: "iam")
        #expect(recorder.take().isEmpty)
        clock.advance(by: .seconds(1))
        recorder.note(user, accessKeyID: "AKIAANN", service: "iam")
        #expect(recorder.take().map(\.service) == ["iam"])
    }

    @Test("Home writes at most one row an hour for each, whatever the regions tell, and for nobody who is gone")
    func recording() async throws {
        let fixture = try await IAMFixture()
        try await fixture.makeUser("ann")
        let key = try await fixture.makeKey(of: "ann").id
        let hour = UseRecorder.resolutionMilliseconds
        func record(_ uses: IAMUseRecord...) async throws -> Int64? {
            try await fixture.catalog.change { state throws(IAMError) in try state.recordUses(uses) }
            return fixture.catalog.state.uses[key]?.usedMs
        }
        #expect(try await record(Self.use(key, at: 10 * hour), Self.use("AKIANOBODY", at: 10 * hour)) == 10 * hour)
        #expect(fixture.catalog.state.uses.count == 1)
        #expect(try await record(Self.use(key, at: 11 * hour - 1), Self.use(key, at: 9 * hour)) == 10 * hour)
        let revision = fixture.catalog.revision
        #expect(try await record(Self.use(key, at: 11 * hour), Self.use(key, at: 11 * hour + 5)) == 11 * hour)
        // What decides nothing leaves caches of decisions alone.
        #expect(fixture.catalog.revision == revision)
        let restarted = try await IAMFixture(log: fixture.log)
        #expect(restarted.catalog.state.uses[key]?.usedMs == 11 * hour)

        try await fixture.catalog.change { state throws(IAMError) in
            try state.deleteAccessKey(key, ofUser: "ann", in: IAMFixture.account)
        }
        #expect(fixture.catalog.state.uses.isEmpty)
    }
}
