import Synchronization
import TernCore
import TernPorts

/// Roles and what they may do, the same in every region at every moment.
///
/// Everything is allowed but what was taken away. It remembers when something was last not allowed, which tells whether a
/// refusal had a cause, and what it answered, which tells whether a write was asked for.
final class SimulatedAccess: RoleAssumer, Authorizer {
    /// One action of one role on one bucket; `sts:AssumeRole` has no bucket.
    struct Grant: Hashable, Sendable {
        var role: String
        var action: String
        var bucket: String

        static let assumption = "sts:AssumeRole"
    }

    private struct State {
        var denied: Set<Grant> = []
        var lastDenied: [Grant: Int64] = [:]
        var lastAllowed: [Grant: Int64] = [:]
    }

    private let timeline: Timeline
    private let state = Mutex(State())

    init(timeline: Timeline) {
        self.timeline = timeline
    }

    static func roleARN(_ name: String) -> String { "arn:aws:iam::111111111111:role/\(name)" }

    private static func name(ofRole arn: String) -> String {
        arn.split(separator: "/").last.map(String.init) ?? arn
    }

    // MARK: What the world changes

    func deny(_ grant: Grant) {
        self.state.withLock { _ = $0.denied.insert(grant) }
    }

    func allow(_ grant: Grant) {
        let now = self.timeline.now
        self.state.withLock { state in
            if state.denied.remove(grant) != nil { state.lastDenied[grant] = now }
        }
    }

    func allowEverything() {
        let now = self.timeline.now
        self.state.withLock { state in
            for grant in state.denied { state.lastDenied[grant] = now }
            state.denied = []
        }
    }

    // MARK: What checkers ask

    /// Whether the grant was missing at some moment since `time`.
    func wasDenied(_ grant: Grant, since time: Int64) -> Bool {
        self.state.withLock { state in
            state.denied.contains(grant) || state.lastDenied[grant].map { $0 >= time } == true
        }
    }

    /// When somebody asked for the grant last, and had it.
    func lastAllowed(_ grant: Grant) -> Int64? { self.state.withLock { $0.lastAllowed[grant] } }

    // MARK: What the code under test asks

    func assume(role arn: String, by service: String, sourceARN: String, sourceAccount: AccountID) async -> Principal? {
        let grant = Grant(role: Self.name(ofRole: arn), action: Grant.assumption, bucket: "")
        return self.decide(grant) ? Self.principal(arn) : nil
    }

    func session(ofRole arn: String) async -> Principal? { Self.principal(arn) }

    func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision {
        guard case .role(let role, _) = request.principal else { return .allowed }
        let path = request.resource.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
        let bucket = path.split(separator: "/").first.map(String.init) ?? ""
        return self.decide(Grant(role: role.name, action: request.action, bucket: bucket))
            ? .allowed : .denied(AccessDenial())
    }

    func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool { false }

    private func decide(_ grant: Grant) -> Bool {
        let now = self.timeline.now
        return self.state.withLock { state in
            let isAllowed = !state.denied.contains(grant)
            if isAllowed { state.lastAllowed[grant] = now }
            return isAllowed
        }
    }

    static func principal(_ arn: String) -> Principal {
        let account = Account(
            id: AccountID(trusted: "111111111111"), canonicalID: "one", displayName: "one", email: "one@example.com")
        return .role(
            RoleIdentity(
                account: account, name: self.name(ofRole: arn), path: "/", id: "AROA\(self.name(ofRole: arn))"),
            TemporarySession(name: "s3-replication", issuedAt: Timestamp(milliseconds: RegionClock.epoch)))
    }
}
