import Synchronization
import TernCore
package import TernPolicy
package import TernPorts

/// Authorization by policies: fetches those of the principal, compiled once, and asks `PolicyEvaluation`.
package final class PolicyAuthorizer: Authorizer {
    private let directory: any PrincipalDirectory
    private let clock: any WallClock
    private let principals = Mutex(PrincipalCache())
    private let sessions = Mutex<[String: CompiledPolicy]>([:])

    /// Session policies that are kept compiled.
    private static let maximumSessionPolicies = 1024

    package init(directory: any PrincipalDirectory, clock: any WallClock) {
        self.directory = directory
        self.clock = clock
    }

    package func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision {
        if case .optional = request.resourceRole, let owner = request.resourceOwner,
            AuthorizationRequest.isUnrestricted(
                request.principal, owner: owner, resourcePolicy: request.resourcePolicy),
            AuthorizationRequest.isUnrestricted(request.principal, through: request.accessPoint)
        {
            return .allowed
        }
        let (decision, explained, resource) = self.decideOnce(request)
        switch decision {
        case .allowed:
            return .allowed
        case .denied(let reason):
            var isExplicit = false
            if case .explicit = reason { isExplicit = true }
            return .denied(
                AccessDenial(
                    message: explained
                        ? DenialMessage.text(for: request, on: resource, reason: reason)
                        : DenialMessage.withoutExplanation,
                    isExplicit: isExplicit, reason: reason))
        }
    }

    /// The decision, and whether the caller may know the reason: those of other accounts do not (specification §6.6).
    package func decide(_ request: AuthorizationRequest) -> (PolicyDecision, explained: Bool) {
        let (decision, explained, _) = self.judge(request)
        return (decision, explained)
    }

    /// A decision, whether the caller may know the reason, and what it is about: the resource, or the access point before
    /// it.
    private typealias Judgement = (decision: PolicyDecision, explained: Bool, resource: String)

    private func judge(_ request: AuthorizationRequest) -> Judgement {
        guard let own = self.policies(of: request.principal), let session = self.sessionPolicies(request.principal)
        else {
            // The user or role is gone, or its policies cannot be read: nothing is allowed.
            return (.denied(.notAllowed(.identity)), false, request.resource)
        }
        // A federated user has what session policies give it; without any, nothing.
        let isUncut = session.isEmpty && request.principal.federatedName == nil
        var evaluation = PolicyEvaluation(
            identity: own.identity, boundary: own.boundary, session: isUncut ? nil : session,
            resource: request.resourcePolicy, resourceRole: request.resourceRole,
            resourceMayAllow: request.resourceMayAllow, restrictsPublic: request.restrictsPublic,
            accessControlList: request.accessControlList)
        if case .service = request.principal { evaluation.identity = [] }
        let question = PolicyRequest(
            caller: Self.caller(request.principal), action: request.action, resource: request.resource,
            resourceAccount: request.resourceOwner,
            context: self.context(of: request, principalTags: own.tags))
        let account = request.principal.account?.id
        if let point = request.accessPoint {
            let (decision, isAtAccessPoint) = evaluation.decide(question, through: point)
            if isAtAccessPoint { return (decision, account == point.account, point.resource) }
            let isExplained = account != nil && account == request.resourceOwner
            return (decision, isExplained, request.resource)
        }
        let isExplained = account != nil && (request.resourceOwner == nil || account == request.resourceOwner)
        return (evaluation.decide(question), isExplained, request.resource)
    }

    // MARK: One decision for all objects of a bucket

    private struct UniformQuestion: Hashable, Sendable {
        var object: AuthorizationRequest.ObjectScope
        var action: String
        var owner: AccountID?
        var resourceMayAllow: Bool
        var restrictsPublic: Bool
    }

    private struct UniformAnswer: Sendable {
        /// `nil` where the policies do not treat all objects alike.
        var decision: PolicyDecision?
        var explained: Bool
    }

    /// Questions of one principal that are remembered.
    private static let maximumUniformAnswers = 256

    /// As ``decide(_:)``, from memory where every object of the bucket is judged alike.
    private func decideOnce(_ request: AuthorizationRequest) -> Judgement {
        guard let object = request.object, case .optional = request.resourceRole, request.accessControlList == nil,
            request.accessPoint == nil,
            case .role(let role, let session) = request.principal, session.policies.isEmpty
        else { return self.judge(request) }
        let question = UniformQuestion(
            object: object, action: request.action, owner: request.resourceOwner,
            resourceMayAllow: request.resourceMayAllow, restrictsPublic: request.restrictsPublic)
        let revision = self.directory.revision
        let known = self.principals.withLock { cache in
            cache.revision == revision ? cache.answers[role.id]?[question] : nil
        }
        if let known, let decision = known.decision { return (decision, known.explained, request.resource) }
        let decided = self.judge(request)
        if known != nil { return decided }
        let isUniform = self.treatsAlike(object, request)
        self.principals.withLock { cache in
            guard cache.revision == revision else { return }
            var answers = cache.answers[role.id] ?? [:]
            if answers.count >= Self.maximumUniformAnswers { answers = [:] }
            answers[question] = UniformAnswer(
                decision: isUniform ? decided.decision : nil, explained: decided.explained)
            cache.answers[role.id] = answers
        }
        return decided
    }

    private func treatsAlike(_ object: AuthorizationRequest.ObjectScope, _ request: AuthorizationRequest) -> Bool {
        guard let own = self.policies(of: request.principal) else { return false }
        var policies = own.identity
        if let boundary = own.boundary { policies.append(boundary) }
        if let policy = request.resourcePolicy { policies.append(policy) }
        return policies.allSatisfy { $0.treatsAlike(objectsOf: object.bucket, action: request.action) }
    }

    package func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool {
        if case .root(_, nil) = principal { return false }
        let session = self.sessionPolicies(principal) ?? []
        guard let own = self.policies(of: principal) else { return false }
        return (own.identity + session + (own.boundary.map { [$0] } ?? [])).contains { $0.mentions(keyPrefix) }
    }

    // MARK: Policies

    /// The policies of a user or role, compiled.
    private struct PrincipalSet: Sendable {
        var identity: [CompiledPolicy] = []
        var boundary: CompiledPolicy?
        var tags: [String: String] = [:]
    }

    /// Holds for one revision of IAM.
    private struct PrincipalCache: Sendable {
        var revision: UInt64?
        var sets: [String: PrincipalSet] = [:]
        var answers: [String: [UniformQuestion: UniformAnswer]] = [:]
    }

    /// `nil` for a user or role that is gone, or has a policy that cannot be read.
    private func policies(of principal: Principal) -> PrincipalSet? {
        let id: String
        switch principal {
        case .root, .service, .webIdentity, .anonymous:
            // The root's rights need no policy; those that it hands on do.
            return PrincipalSet(identity: principal.federatedName == nil ? [] : Self.everything)
        case .user(let user, _): id = user.id
        case .role(let role, _): id = role.id
        }
        // Before the policies are fetched: what changes meanwhile is fetched again.
        let revision = self.directory.revision
        let known = self.principals.withLock { cache in cache.revision == revision ? cache.sets[id] : nil }
        if let known { return known }
        guard let found = self.directory.policies(of: principal), let set = Self.compile(found) else { return nil }
        self.principals.withLock { cache in
            if cache.revision != revision {
                // An older revision must not take the place of a newer one.
                if let newer = cache.revision, newer > revision { return }
                cache = PrincipalCache(revision: revision)
            }
            cache.sets[id] = set
        }
        return set
    }

    private static let everything: [CompiledPolicy] = {
        let json = #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#
        // Without it, such a session may do nothing.
        return (try? CompiledPolicy(PrincipalPolicies.Document(name: "root", json: json))).map { [$0] } ?? []
    }()

    private static func compile(_ policies: PrincipalPolicies) -> PrincipalSet? {
        var set = PrincipalSet(tags: policies.tags)
        for document in policies.identity {
            guard let compiled = try? CompiledPolicy(document) else { return nil }
            set.identity.append(compiled)
        }
        if let boundary = policies.boundary {
            guard let compiled = try? CompiledPolicy(boundary) else { return nil }
            set.boundary = compiled
        }
        return set
    }

    private func sessionPolicies(_ principal: Principal) -> [CompiledPolicy]? {
        var compiled: [CompiledPolicy] = []
        for json in principal.session?.policies ?? [] {
            if let known = self.sessions.withLock({ $0[json] }) {
                compiled.append(known)
                continue
            }
            guard let policy = try? CompiledPolicy(.init(name: "session", json: json)) else { return nil }
            self.sessions.withLock { sessions in
                if sessions.count >= Self.maximumSessionPolicies { sessions.removeAll() }
                sessions[json] = policy
            }
            compiled.append(policy)
        }
        return compiled
    }

    // MARK: The request as policies see it

    static func caller(_ principal: Principal) -> PolicyCaller {
        if principal.federatedName != nil, let account = principal.account {
            return PolicyCaller(
                kind: .federatedUser(arn: principal.arn), account: account.id, canonicalID: account.canonicalID)
        }
        return switch principal {
        case .root(let account, _):
            PolicyCaller(kind: .root, account: account.id, canonicalID: account.canonicalID)
        case .user(let user, _):
            PolicyCaller(
                kind: .user(arn: user.arn, uniqueID: user.id), account: user.account.id,
                canonicalID: user.account.canonicalID)
        case .role(let role, _):
            PolicyCaller(
                kind: .roleSession(roleARN: role.arn, uniqueID: role.id, sessionARN: principal.arn),
                account: role.account.id, canonicalID: role.account.canonicalID)
        case .service(let name): .service(name)
        case .webIdentity(let identity): PolicyCaller(kind: .webIdentity(provider: identity.provider), account: nil)
        case .anonymous: .anonymous
        }
    }

    /// The global keys that follow from the principal and the time, beside those of the request (specification §6.1).
    private func context(
        of request: AuthorizationRequest, principalTags: [String: String]
    ) -> [String: [String]] {
        var context = request.context()
        let now = self.clock.now
        context["aws:CurrentTime"] = [now.iso8601]
        context["aws:EpochTime"] = ["\(now.milliseconds / 1000)"]
        if let owner = request.resourceOwner {
            context["aws:ResourceAccount"] = [owner.description]
            if request.action.hasPrefix("s3:") { context["s3:ResourceAccount"] = [owner.description] }
        }
        let principal = request.principal
        context["aws:userid"] = [principal.userID]
        context["aws:PrincipalIsAWSService"] = ["false"]
        switch principal {
        case .root(let account, _):
            context["aws:PrincipalArn"] = [account.rootARN]
            context["aws:PrincipalType"] = ["Account"]
        case .user(let user, _):
            context["aws:PrincipalArn"] = [user.arn]
            context["aws:PrincipalType"] = ["User"]
            context["aws:username"] = [user.name]
        case .role(let role, let session):
            context["aws:PrincipalArn"] = [role.arn]
            context["aws:PrincipalType"] = ["AssumedRole"]
            if !session.name.isEmpty {
                context["sts:RoleSessionName"] = context["sts:RoleSessionName"] ?? [session.name]
            }
        case .service(let name):
            context["aws:PrincipalIsAWSService"] = ["true"]
            context["aws:PrincipalServiceName"] = [name]
            context["aws:PrincipalType"] = ["Service"]
        case .webIdentity(let identity):
            for (key, value) in identity.conditions { context[key] = [value] }
        case .anonymous:
            context["aws:PrincipalType"] = ["Anonymous"]
        }
        if principal.federatedName != nil {
            context["aws:PrincipalArn"] = [principal.arn]
            context["aws:PrincipalType"] = ["FederatedUser"]
            context["aws:username"] = nil
        }
        if let account = principal.account { context["aws:PrincipalAccount"] = [account.id.description] }
        var tags = principalTags
        if let session = principal.session {
            tags.merge(session.tags) { _, given in given }
            context["aws:TokenIssueTime"] = [session.issuedAt.iso8601]
            context["aws:MultiFactorAuthPresent"] = ["false"]
            if let identity = session.sourceIdentity { context["aws:SourceIdentity"] = [identity] }
            for (key, value) in session.context { context[key] = [value] }
        }
        for (key, value) in tags { context["aws:PrincipalTag/" + key] = [value] }
        return context
    }
}

extension CompiledPolicy {
    fileprivate init(_ document: PrincipalPolicies.Document) throws(PolicyProblem) {
        try self.init(json: Array(document.json.utf8), kind: .identity, name: document.name)
    }
}
