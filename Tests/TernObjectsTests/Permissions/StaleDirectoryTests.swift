import FoundationEssentials
import Synchronization
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernTestSupport
import Testing

/// IAM as a region has it that follows the home region: knows its role only after it has caught up, if home has it.
private final class FollowingRegion: RoleAssumer, DirectoryFreshness {
    private struct State {
        var knowsRole = false
        var catchUps = 0
    }

    private let completeAsOf: Timestamp
    private let homeKnowsRole: Bool
    private let isHomeAway: Bool
    private let state = Mutex(State())

    init(completeAsOf: Timestamp, homeKnowsRole: Bool, isHomeAway: Bool) {
        self.completeAsOf = completeAsOf
        self.homeKnowsRole = homeKnowsRole
        self.isHomeAway = isHomeAway
    }

    var catchUps: Int { self.state.withLock { $0.catchUps } }

    func isCurrent(asOf time: Timestamp) -> Bool { self.completeAsOf > time }

    func catchUp() async -> Bool {
        self.state.withLock { state in
            state.catchUps += 1
            if !self.isHomeAway { state.knowsRole = self.homeKnowsRole }
        }
        return !self.isHomeAway
    }

    func assume(
        role arn: String, by service: String, sourceARN: String, sourceAccount: AccountID
    ) async -> Principal? {
        await self.session(ofRole: arn)
    }

    func session(ofRole arn: String) async -> Principal? {
        self.state.withLock { $0.knowsRole } ? .service("test") : nil
    }
}

private struct AllowsAll: Authorizer {
    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision { .allowed }
    func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool { false }
}

@Suite("Roles in a region whose copy of IAM is behind")
struct StaleDirectoryTests {
    struct Row: Sendable {
        var why: String
        /// How long after the task's request the last complete look at home began.
        var completeAfterMilliseconds: Int64
        var homeKnowsRole = true
        var isHomeAway = false
        var expected: ReplicationPermissions.SourceVerdict
        var catchUps: Int
    }

    @Test(
        "F-01, ACC-9: a role that the region has not heard of refuses a task only by IAM as new as the task's request",
        arguments: [
            Row(
                why: "home made the role before the request, and the log has not brought it",
                completeAfterMilliseconds: -5,
                expected: .readable, catchUps: 1),
            Row(
                why: "in the same millisecond it may have been before", completeAfterMilliseconds: 0,
                expected: .readable, catchUps: 1),
            Row(
                why: "home does not know the role either", completeAfterMilliseconds: -5, homeKnowsRole: false,
                expected: .refused(.assumeRoleNotPermitted), catchUps: 1),
            Row(
                why: "home cannot be asked", completeAfterMilliseconds: -5, isHomeAway: true, expected: .undecided,
                catchUps: 1),
            Row(
                why: "the copy is newer than the request", completeAfterMilliseconds: 1, homeKnowsRole: false,
                expected: .refused(.assumeRoleNotPermitted), catchUps: 0),
        ])
    func source(row: Row) async throws {
        let clock = ManualClock()
        let region = TestRegion("eu-west-1", clock: clock, seed: 1)
        try await region.makeBucket("src")
        let version = try await region.put("k", in: "src", bytes: [1])
        var task = TaskRecord()
        task.key = .init("k".utf8)
        task.role = "arn:aws:iam::111111111111:role/new"
        task.requestMs = clock.now.milliseconds
        let following = FollowingRegion(
            completeAsOf: clock.now + .milliseconds(row.completeAfterMilliseconds), homeKnowsRole: row.homeKnowsRole,
            isHomeAway: row.isHomeAway)
        let permissions = ReplicationPermissions(roles: following, authorizer: AllowsAll(), freshness: following)
        let verdict = await permissions.source(
            of: task, version: version, key: try ObjectKey("k"), in: try await region.service.registry.state("src"))
        #expect(verdict == row.expected, "\(row.why)")
        #expect(following.catchUps == row.catchUps, "\(row.why)")
    }
}
