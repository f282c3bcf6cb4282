import Synchronization
import TernChecksums
import TernCore
import TernObjects
import TernPorts
import TernRecords
import TernReplication
import TernS3Protocol
import TernTestSupport
import Testing

/// A destination whose permission for the rule's role ends after it was asked for some times.
private final class EndingPermission: RoleAssumer, Authorizer {
    private let left: Mutex<Int>
    /// From when on questions count.
    private let isCounting: @Sendable () -> Bool

    init(asked count: Int, isCounting: @escaping @Sendable () -> Bool) {
        self.left = Mutex(count)
        self.isCounting = isCounting
    }

    func assume(
        role arn: String, by service: String, sourceARN: String, sourceAccount: AccountID
    ) async -> Principal? { nil }

    func session(ofRole arn: String) async -> Principal? { .service("test") }

    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision {
        guard request.action == "s3:ReplicateObject", self.isCounting() else { return .allowed }
        let isAllowed = self.left.withLock { left in
            left -= 1
            return left >= 0
        }
        return isAllowed ? .allowed : .denied(AccessDenial())
    }

    func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool { false }
}

@Suite("Permission that ends while a large replica is under way")
struct LostPermissionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var rule: String
        /// Whether only those questions count that come with the completion.
        var fromCompletion = false
        /// Questions for `s3:ReplicateObject` that are answered yes: of initiation and each segment one; of the completion
        /// one, and one of its commit.
        var answered: Int
        var reason: String

        var testDescription: String { self.rule }
    }

    @Test(
        "F-09 to F-11: the reason is that of the step which was refused, and nothing is visible",
        arguments: [
            Row(rule: "F-09: initiation", answered: 0, reason: "DstMultipartInitNotPermitted"),
            Row(rule: "F-10: the first part", answered: 1, reason: "DstMultipartUploadNotPermitted"),
            Row(rule: "F-10: a later part", answered: 2, reason: "DstMultipartUploadNotPermitted"),
            Row(
                rule: "F-11: completion", fromCompletion: true, answered: 0,
                reason: "DstMultipartCompleteNotPermitted"),
            Row(
                rule: "F-11: the commit of the completion", fromCompletion: true, answered: 1,
                reason: "DstMultipartCompleteNotPermitted"),
        ])
    func endsUnderWay(row: Row) async throws {
        let clock = ManualClock()
        let transport = FaultyTransport(clock: clock, seed: 1)
        let permission = EndingPermission(asked: row.answered) { !row.fromCompletion || transport.commitCount > 0 }
        let east = TestRegion("us-east-1", clock: clock, seed: 1)
        let west = TestRegion(
            "eu-west-1", clock: clock, seed: 2,
            permissions: ReplicationPermissions(
                roles: permission, authorizer: permission, freshness: HomeDirectoryFreshness()))
        try await east.makeBucket("src")
        try await west.makeBucket("dst")
        try await east.learn("dst", of: west)
        try await east.replicate("src", to: ["dst"])
        try await self.upload([6 << 20, 1000], to: east)
        try await withWorkers([east, west], transport) { _ in
            try await settle(clock) { east.pendingOperations == 0 }
        }
        let state = try #require(try await east.stack("k", in: "src").first?.destinations.first)
        #expect(state.data == .failed)
        #expect(state.failureReason == row.reason)
        #expect(try await west.stack("k", in: "dst").isEmpty)
    }

    private func upload(_ sizes: [Int], to region: TestRegion) async throws {
        let service = region.service
        let upload = try await service.createUpload(
            ObjectKey("k"), in: "src", attributes: ObjectAttributes(), initiator: TestRegion.account, algorithm: nil,
            type: .fullObject)
        let state = try await service.registry.state("src")
        var listed: [CompleteMultipartUploadXML.Part] = []
        for (index, size) in sizes.enumerated() {
            let (part, _) = try await service.putPart(
                index + 1, of: upload, in: state, cipher: nil,
                body: BytesSource([UInt8](repeating: UInt8(index), count: size)), clientAlgorithm: nil,
                digests: ExpectedDigests())
            listed.append(CompleteMultipartUploadXML.Part(number: index + 1, etag: part.layout.etag))
        }
        _ = try await service.completeUpload(
            upload.id.wireForm, of: ObjectKey("k"), in: "src", request: CompletionRequest(parts: listed))
    }
}
