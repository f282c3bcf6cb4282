import Foundation
import TernCore
import TernPolicy
import Testing

/// The engine against the naive reading of the specification, over random policies and requests.
///
/// `TERN_POLICY_RUNS=1000000` looks further; `TERN_POLICY_SEED=N TERN_POLICY_RUNS=1` repeats one set of policies.
@Suite struct NaiveComparisonTests {
    static let requestsPerSeed = 10

    /// Policies in both forms.
    struct Pair {
        var json: String
        var compiled: CompiledPolicy
        var naive: NaivePolicy

        init(_ json: String, _ kind: PolicyDocument.Kind, bindings: [String: String] = [:]) throws {
            self.json = json
            self.compiled = try CompiledPolicy(json: Array(json.utf8), kind: kind, name: "p", bindings: bindings)
            self.naive = NaivePolicy(try JSONParser.parse(Array(json.utf8)), bindings: bindings)
        }
    }

    struct Scenario {
        var caller: PolicyCaller
        var owner: AccountID?
        var identity: [Pair] = []
        var boundary: Pair?
        var session: [Pair]?
        var resource: Pair?
        var role = PolicyEvaluation.ResourcePolicyRole.optional
        var resourceMayAllow = true
        var restrictsPublic = false
        var accessControlList: AccessControlListGrant?

        var engine: PolicyEvaluation {
            PolicyEvaluation(
                identity: self.identity.map(\.compiled), boundary: self.boundary?.compiled,
                session: self.session?.map(\.compiled), resource: self.resource?.compiled, resourceRole: self.role,
                resourceMayAllow: self.resourceMayAllow, restrictsPublic: self.restrictsPublic,
                accessControlList: self.accessControlList)
        }

        var naive: NaiveEvaluation {
            NaiveEvaluation(
                identity: self.identity.map(\.naive), boundary: self.boundary?.naive,
                session: self.session?.map(\.naive), resource: self.resource?.naive, role: self.role,
                resourceMayAllow: self.resourceMayAllow, restrictsPublic: self.restrictsPublic,
                accessControlList: self.accessControlList)
        }

        var shown: String {
            """
            caller \(self.caller), owner \(self.owner?.description ?? "-"), \(self.role), restricts \
            \(self.restrictsPublic), may allow \(self.resourceMayAllow), ACL \(self.accessControlList.map { "\($0)" } ?? "-")
            identity \(self.identity.map(\.json))
            boundary \(self.boundary?.json ?? "-")
            session \(self.session?.map(\.json).description ?? "-")
            resource \(self.resource?.json ?? "-") \(self.resource?.naive.bindings ?? [:])
            """
        }
    }

    static func scenario(_ generator: inout PolicyGenerator) throws -> Scenario {
        var scenario = Scenario(
            caller: generator.one(of: PolicyGenerator.callers),
            owner: generator.one(of: [PolicyGenerator.own, PolicyGenerator.own, PolicyGenerator.other, nil]))
        switch scenario.caller.kind {
        case .root, .service, .webIdentity, .anonymous: break
        case .user, .roleSession, .federatedUser:
            for _ in 0..<Int.random(in: 0...2, using: &generator.random) {
                scenario.identity.append(try Pair(generator.policy(hasPrincipals: false), .identity))
            }
            if generator.chance(30) {
                scenario.boundary = try Pair(generator.policy(hasPrincipals: false), .identity)
            }
            if generator.chance(30) {
                scenario.session = []
                for _ in 0..<Int.random(in: 0...2, using: &generator.random) {
                    scenario.session?.append(try Pair(generator.policy(hasPrincipals: false), .identity))
                }
            }
        }
        scenario.role = generator.one(of: [.optional, .optional, .required, .trust])
        if generator.chance(75) {
            var bindings: [String: String] = [:]
            if generator.chance(30) {
                bindings[PolicyGenerator.userARN] = generator.one(of: [PolicyGenerator.userID, "AIDABBBBBBBBBBBBBBBBB"])
                bindings[PolicyGenerator.roleARN] = generator.one(of: [PolicyGenerator.roleID, "AROABBBBBBBBBBBBBBBBB"])
            }
            scenario.resource = try Pair(
                generator.policy(hasPrincipals: true, hasResources: scenario.role != .trust),
                scenario.role == .optional ? .bucket : scenario.role == .trust ? .trust : .key, bindings: bindings)
        }
        if scenario.role == .optional {
            scenario.resourceMayAllow = generator.chance(90)
            scenario.restrictsPublic = generator.chance(10)
            scenario.accessControlList = generator.one(of: [nil, nil, nil, nil, nil, nil, .account, .everyone])
        }
        return scenario
    }

    /// What is wrong with the engine's decision; `nil` if nothing.
    static func difference(_ decision: PolicyDecision, _ verdict: NaiveEvaluation.Verdict, _ scenario: Scenario)
        -> String?
    {
        if decision.isAllowed != verdict.isAllowed { return "engine \(decision), naive \(verdict)" }
        let isReasonRight =
            switch decision {
            case .denied(.explicit(let statement)): verdict.denying.contains(statement.kind)
            case .denied(.restrictedPublicBucket): verdict.isRestricted
            case .denied(.notAllowed(.boundary)): verdict.boundaryCuts
            case .denied(.notAllowed(.session)): verdict.sessionCuts
            case .denied(.notAllowed(.identity)): !verdict.identityAllows || !verdict.resourceAllows
            case .denied(.notAllowed(.resource)): !verdict.resourceAllows && scenario.role != .trust
            case .denied(.notAllowed(.trust)): !verdict.resourceAllows && scenario.role == .trust
            case .allowed(.root): scenario.role == .optional
            case .allowed(.identity): verdict.identityAllows
            case .allowed(.resource): verdict.resourceAllows
            case .allowed(.both(let identity, let resource)):
                (identity == nil || verdict.identityAllows) && (resource != nil) == verdict.resourceAllows
            case .allowed(.accessControlList): scenario.accessControlList != nil
            }
        let isSilent = verdict.denying.isEmpty && !verdict.isRestricted
        let isBlamed =
            switch decision {
            case .denied(.notAllowed): isSilent
            default: true
            }
        return isReasonRight && isBlamed ? nil : "reason \(decision), naive \(verdict)"
    }

    @Test("§5, §6.3, §6.4, KMS-3, STS-1: decisions and their reasons are those of the naive evaluator")
    func comparison() throws {
        let environment = ProcessInfo.processInfo.environment
        let runs = environment["TERN_POLICY_RUNS"].flatMap { Int($0) } ?? 20_000
        let first = environment["TERN_POLICY_SEED"].flatMap { UInt64($0) } ?? 1
        var failures = 0
        var allowed = 0
        for seed in first..<(first + UInt64(max(runs / Self.requestsPerSeed, 1))) {
            var generator = PolicyGenerator(seed: seed)
            let scenario: Scenario
            do {
                scenario = try Self.scenario(&generator)
            } catch {
                Issue.record("seed \(seed): a policy was refused: \(error)")
                return
            }
            let engine = scenario.engine
            let naive = scenario.naive
            for _ in 0..<Self.requestsPerSeed {
                let request = generator.request(scenario.caller, owner: scenario.owner)
                let decision = engine.decide(request)
                if decision.isAllowed { allowed += 1 }
                guard let difference = Self.difference(decision, naive.verdict(request), scenario) else { continue }
                Issue.record(
                    """
                    seed \(seed): \(difference)
                    \(scenario.shown)
                    \(request.action) on \(request.resource) with \(request.context)
                    """)
                failures += 1
                if failures == 5 { return }
            }
        }
        // Decisions of one kind only would compare nothing.
        if runs >= 1000 { #expect((runs / 10...runs * 9 / 10).contains(allowed)) }
    }
}
