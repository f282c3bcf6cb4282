import FoundationEssentials
import NIOCore
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
    /// What else comes with home's changes.
    private let onCatchUp: @Sendable () -> Void
    private let state: Mutex<State>

    init(
        completeAsOf: Timestamp, knowsRole: Bool = false, homeKnowsRole: Bool = true, isHomeAway: Bool,
        onCatchUp: @escaping @Sendable () -> Void = {}
    ) {
        self.completeAsOf = completeAsOf
        self.homeKnowsRole = homeKnowsRole
        self.isHomeAway = isHomeAway
        self.onCatchUp = onCatchUp
        self.state = Mutex(State(knowsRole: knowsRole))
    }

    var catchUps: Int { self.state.withLock { $0.catchUps } }

    func isCurrent(asOf time: Timestamp) -> Bool { self.completeAsOf > time }

    func catchUp() async -> Bool {
        self.state.withLock { state in
            state.catchUps += 1
            if !self.isHomeAway { state.knowsRole = self.homeKnowsRole }
        }
        if !self.isHomeAway { self.onCatchUp() }
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

@Suite("Keys in a region whose copy of IAM is behind")
struct StaleKeyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var why: String
        var completeAfterMilliseconds: Int64
        var homePermits = true
        var isHomeAway = false
        /// Of what the role may not do with the key, rather than of the key itself.
        var code = "AccessDeniedException"
        /// What becomes of the version, at its source and at its destination.
        var expected: Expected
        var catchUps: Int

        enum Expected: Sendable { case done, refused, waits }

        var testDescription: String { self.why }
    }

    static let rows = [
        Row(
            why: "home permitted it, and the log has not brought it", completeAfterMilliseconds: -5, expected: .done,
            catchUps: 1),
        Row(
            why: "home does not permit it either", completeAfterMilliseconds: -5, homePermits: false,
            expected: .refused, catchUps: 1),
        Row(
            why: "home cannot be asked", completeAfterMilliseconds: -5, isHomeAway: true, expected: .waits,
            catchUps: 1),
        Row(why: "the copy is new enough", completeAfterMilliseconds: 1, expected: .refused, catchUps: 0),
        Row(
            why: "a key's state is this region's own", completeAfterMilliseconds: -5, isHomeAway: true,
            code: "DisabledException", expected: .refused, catchUps: 0),
    ]

    static let account = Account(id: TestRegion.account, canonicalID: "id", displayName: "name", email: "mail")
    static let role = Principal.role(
        RoleIdentity(account: Self.account, name: "replication", path: "/", id: "AROA"),
        TemporarySession(name: "s3-replication", issuedAt: Timestamp(milliseconds: 0)))

    let clock = ManualClock()
    let keys = TestKeyService()

    private func region(_ following: FollowingRegion) -> TestRegion {
        TestRegion(
            "us-east-1", clock: self.clock, seed: 1,
            encryption: EncryptionKeys(
                rootKey: TestRootKey(seed: 7), keyService: self.keys, rolePrincipal: { _ in Self.role }),
            permissions: ReplicationPermissions(roles: following, authorizer: AllowsAll(), freshness: following))
    }

    private func following(_ row: Row) -> FollowingRegion {
        let keys = self.keys
        return FollowingRegion(
            completeAsOf: self.clock.now + .milliseconds(row.completeAfterMilliseconds), knowsRole: true,
            isHomeAway: row.isHomeAway, onCatchUp: { if row.homePermits { keys.failure = nil } })
    }

    private func makeVersion(in region: TestRegion) async throws -> VersionRecord {
        try await region.makeBucket("src")
        let choice = EncryptionRequest.KMSChoice(keyID: "source-key")
        return try await region.put(
            "k", in: "src", bytes: [1], as: EncryptionRequest(.kms(choice), by: KeyCaller(.root(Self.account))))
    }

    private var task: TaskRecord {
        var task = TaskRecord()
        task.key = .init("k".utf8)
        task.kind = .object
        task.role = "arn:aws:iam::111111111111:role/replication"
        task.destinationBucket = "dst"
        task.replicaKmsKey = "arn:aws:kms:us-east-1:111111111111:key/replicas"
        task.requestMs = self.clock.now.milliseconds
        return task
    }

    /// From now on the role may not use keys.
    private func forbid(_ row: Row) {
        self.keys.failure = KeyServiceError(code: row.code, message: "why")
    }

    @Test("ACC-9, F-25: a source's key refuses a task only by IAM as new as the task's request", arguments: rows)
    func source(row: Row) async throws {
        let following = self.following(row)
        let region = self.region(following)
        let version = try await self.makeVersion(in: region)
        let bucket = try await region.service.registry.state("src")
        let stored = try #require(
            try await region.service.version(identity: version.versionID, of: ObjectKey("k"), in: bucket))
        self.forbid(row)
        let opening = try await region.service.openSource(of: stored, for: self.task, in: bucket)
        switch (opening, row.expected) {
        case (.open(let cipher), .done): #expect(cipher != nil)
        case (.refused(let reason, _), .refused):
            #expect(
                reason
                    == (row.code == "DisabledException" ? .srcKmsKeyInvalidState : .srcGetObjectNotPermitted))
        case (.undecided, .waits): break
        default: Issue.record("\(row.why): \(opening)")
        }
        #expect(following.catchUps == row.catchUps)
    }

    @Test("ACC-9, F-15: a replica's key refuses it only by IAM as new as its arrival", arguments: rows)
    func destination(row: Row) async throws {
        let following = self.following(row)
        let region = self.region(following)
        let version = try await self.makeVersion(in: region)
        try await region.makeBucket("dst")
        let replica = ReplicaRecord(
            task: self.task, version: version, parts: [], source: try await region.service.registry.state("src"))
        self.forbid(row)
        let result = await region.service.ingest(replica, body: ByteBuffer(bytes: [1]))
        switch row.expected {
        case .done: #expect(result.code == .done, "\(result.message)")
        case .refused:
            #expect(result.code == .refused)
            #expect(
                result.reason
                    == (row.code == "DisabledException" ? "DstKmsKeyInvalidState" : "DstPutObjectNotPermitted"))
        case .waits: #expect(result.code == .retry)
        }
        #expect(following.catchUps == row.catchUps)
    }
}
