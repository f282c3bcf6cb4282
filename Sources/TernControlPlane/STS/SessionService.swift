package import TernCore
import TernPolicy
package import TernPorts

/// An error of STS.
package struct SessionError: Error, Hashable, Sendable {
    package var code: String
    package var status: Int
    package var message: String

    init(_ code: String, status: Int = 400, _ message: String) {
        self.code = code
        self.status = status
        self.message = message
    }

    static func internalFailure(_ message: String) -> SessionError {
        SessionError("InternalFailure", status: 500, message)
    }

    static func validation(_ member: String, _ value: String, _ constraint: String) -> SessionError {
        SessionError(
            "ValidationError",
            "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy constraint: \(constraint)")
    }
}

/// What AssumeRole is asked. Source: AWS STS API Reference, AssumeRole.
package struct AssumeRoleRequest: Sendable {
    package var roleARN: String
    package var sessionName: String
    package var durationSeconds: Int64?
    /// JSON.
    package var policy: String?
    package var policyARNs: [String] = []
    package var tags: [Tag] = []
    package var transitiveTagKeys: [String] = []
    package var externalID: String?
    package var sourceIdentity: String?
    /// Under which the client is answered.
    package var requestID = ""

    package init(roleARN: String, sessionName: String) {
        self.roleARN = roleARN
        self.sessionName = sessionName
    }
}

/// What GetFederationToken is asked. Source: AWS STS API Reference, GetFederationToken.
package struct FederationTokenRequest: Sendable {
    package var name: String
    package var durationSeconds: Int64?
    /// JSON.
    package var policy: String?
    package var policyARNs: [String] = []
    package var tags: [Tag] = []
    /// Under which the client is answered.
    package var requestID = ""

    package init(name: String) {
        self.name = name
    }
}

/// A session that was made: of a role, or of a federated user.
package struct AssumedRole: Sendable {
    package var credentials: SessionCredentials
    package var principal: Principal
    /// Of the space for policies and tags, in percent.
    package var packedPolicySize: Int
}

/// STS: gives temporary credentials (specification §4).
package struct SessionService: Sendable {
    private let tokens: SessionTokens
    let directory: any PrincipalDirectory
    let authorizer: any Authorizer
    let clock: any WallClock
    /// Of identity providers; `nil` where no web identities are served.
    let issuers: IssuerKeys?

    package init(
        tokens: SessionTokens, directory: any PrincipalDirectory, authorizer: any Authorizer, clock: any WallClock,
        issuers: IssuerKeys? = nil
    ) {
        self.issuers = issuers
        self.tokens = tokens
        self.directory = directory
        self.authorizer = authorizer
        self.clock = clock
    }

    /// Bytes of policies and tags that a session may carry.
    private static let maximumPackedByteCount = 2048

    /// Source: AWS STS API Reference, AssumeRole; STS-1 to STS-3.
    package func assumeRole(
        _ request: AssumeRoleRequest, caller: Principal, context: [String: [String]]
    ) async throws(SessionError) -> AssumedRole {
        try Self.validate(request)
        if caller.federatedName != nil { throw Self.denied("Cannot call AssumeRole with federation token credentials") }
        if case .root = caller { throw Self.denied("Roles may not be assumed by root accounts.") }
        let inherited = try Self.inheritedTags(
            request.tags, transitiveTagKeys: request.transitiveTagKeys, caller: caller)
        guard let role = self.directory.role(arn: request.roleARN) else {
            throw Self.refused(caller, action: "sts:AssumeRole", role: request.roleARN)
        }
        try await self.authorize(
            request, caller: caller, role: role, action: "sts:AssumeRole", context: context)

        var maximum = Int64(role.maximumSessionSeconds)
        // A role that assumes a role does so for an hour at most.
        if case .role = caller { maximum = min(maximum, 3600) }
        var grant = SessionGrant(
            subject: .role(role.identity), name: request.sessionName,
            durationSeconds: try Self.duration(request, maximum: maximum))
        grant.policies = request.policy.map { [$0] } ?? []
        grant.policyARNs = request.policyARNs
        grant.tags = inherited.merging(request.tags.map { ($0.key, $0.value) }) { _, given in given }
        grant.transitiveTagKeys = Set(inherited.keys).union(request.transitiveTagKeys)
        grant.sourceIdentity = request.sourceIdentity ?? caller.session?.sourceIdentity
        return try self.make(grant, role: role)
    }

    /// How long the session is to last.
    static func duration(_ request: AssumeRoleRequest, maximum: Int64) throws(SessionError) -> Int64 {
        let duration = request.durationSeconds ?? min(3600, maximum)
        guard duration <= maximum else {
            throw SessionError(
                "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        }
        return duration
    }

    /// Makes the session of a role that may be assumed.
    func make(_ grant: SessionGrant, role: AssumableRole) throws(SessionError) -> AssumedRole {
        let size = try Self.packedPolicySize(grant)
        let now = self.clock.now
        return AssumedRole(
            credentials: try self.tokens.make(grant, now: now),
            principal: .role(role.identity, TemporarySession(name: grant.name, issuedAt: now)),
            packedPolicySize: size)
    }

    /// Source: AWS STS API Reference, GetSessionToken.
    package func sessionToken(
        durationSeconds: Int64?, caller: Principal
    ) throws(SessionError) -> SessionCredentials {
        if caller.session != nil { throw Self.denied("Cannot call GetSessionToken with session credentials") }
        let subject: SessionGrant.Subject
        var maximum: Int64 = 129_600
        var fallback: Int64 = 43_200
        switch caller {
        case .root(let account, _):
            subject = .root(account.id)
            maximum = 3600
            fallback = 3600
        case .user(let user, _): subject = .user(user)
        case .role, .service, .webIdentity, .anonymous:
            throw Self.denied("Cannot call GetSessionToken with session credentials")
        }
        let duration = durationSeconds ?? fallback
        guard duration >= 900 else {
            throw .validation("durationSeconds", "\(duration)", "Member must have value greater than or equal to 900")
        }
        guard duration <= 129_600 else {
            throw .validation("durationSeconds", "\(duration)", "Member must have value less than or equal to 129600")
        }
        return try self.tokens.make(
            SessionGrant(subject: subject, name: "", durationSeconds: min(duration, maximum)), now: self.clock.now)
    }

    /// Source: AWS STS API Reference, GetFederationToken.
    package func federationToken(
        _ request: FederationTokenRequest, caller: Principal, context: [String: [String]]
    ) async throws(SessionError) -> AssumedRole {
        if caller.session != nil { throw Self.denied("Cannot call GetFederationToken with session credentials") }
        let subject: SessionGrant.Subject
        var maximum: Int64 = 129_600
        switch caller {
        case .root(let account, _):
            subject = .root(account.id)
            maximum = 3600
        case .user(let user, _): subject = .user(user)
        case .role, .service, .webIdentity, .anonymous:
            throw Self.denied("Cannot call GetFederationToken with session credentials")
        }
        try Self.validate(request)
        _ = try Self.inheritedTags(request.tags, transitiveTagKeys: [], caller: caller)
        var grant = SessionGrant(
            subject: subject, name: request.name, durationSeconds: min(request.durationSeconds ?? 43_200, maximum))
        grant.policies = request.policy.map { [$0] } ?? []
        grant.policyARNs = request.policyARNs
        grant.tags = Dictionary(request.tags.map { ($0.key, $0.value) }) { _, last in last }
        grant.isFederated = true
        let session = TemporarySession(name: request.name, issuedAt: self.clock.now, isFederated: true)
        let principal: Principal =
            switch caller {
            case .root(let account, _): .root(account, session)
            case .user(let user, _): .user(user, session)
            case .role, .service, .webIdentity, .anonymous: caller
            }
        try await self.authorize(request, caller: caller, resource: principal.arn, context: context)
        let size = try Self.packedPolicySize(grant)
        return AssumedRole(
            credentials: try self.tokens.make(grant, now: self.clock.now), principal: principal,
            packedPolicySize: size)
    }

    // MARK: Permission

    private func authorize(
        _ request: FederationTokenRequest, caller: Principal, resource: String, context: [String: [String]]
    ) async throws(SessionError) {
        var context = context
        if !request.tags.isEmpty { context["aws:TagKeys"] = request.tags.map(\.key) }
        for tag in request.tags { context["aws:RequestTag/\(tag.key)"] = [tag.value] }
        for action in ["sts:GetFederationToken"] + (request.tags.isEmpty ? [] : ["sts:TagSession"]) {
            let conditions = context
            var question = AuthorizationRequest(
                principal: caller, action: action, resource: resource, resourceOwner: caller.account?.id,
                context: { conditions })
            question.requestID = request.requestID
            if case .denied(let denial) = await self.authorizer.authorize(question) {
                throw Self.denied(denial.message)
            }
        }
    }

    /// - Parameter action: What the trust policy has to allow.
    func authorize(
        _ request: AssumeRoleRequest, caller: Principal, role: AssumableRole, action: String,
        context: [String: [String]]
    ) async throws(SessionError) {
        guard
            let trust = try? CompiledPolicy(
                json: Array(role.trustPolicy.utf8), kind: .trust, name: "trust policy")
        else { throw Self.refused(caller, action: action, role: request.roleARN) }
        var context = context
        context["sts:RoleSessionName"] = [request.sessionName]
        context["sts:ExternalId"] = request.externalID.map { [$0] }
        context["sts:SourceIdentity"] = request.sourceIdentity.map { [$0] }
        if !request.tags.isEmpty { context["aws:TagKeys"] = request.tags.map(\.key) }
        for tag in request.tags { context["aws:RequestTag/\(tag.key)"] = [tag.value] }
        if !request.transitiveTagKeys.isEmpty { context["sts:TransitiveTagKeys"] = request.transitiveTagKeys }
        for (key, value) in role.tags { context["aws:ResourceTag/\(key)"] = [value] }
        var actions = [action]
        if !request.tags.isEmpty { actions.append("sts:TagSession") }
        if request.sourceIdentity != nil { actions.append("sts:SetSourceIdentity") }
        for action in actions {
            let conditions = context
            var question = AuthorizationRequest(
                principal: caller, action: action, resource: request.roleARN,
                resourceOwner: role.identity.account.id, resourcePolicy: trust, resourceRole: .trust,
                context: { conditions })
            question.requestID = request.requestID
            if case .denied = await self.authorizer.authorize(question) {
                throw Self.refused(caller, action: action, role: request.roleARN)
            }
        }
    }

    private static func denied(_ message: String) -> SessionError {
        SessionError("AccessDenied", status: 403, message)
    }

    /// STS-2: whether the role exists is not told.
    private static func refused(_ caller: Principal, action: String, role: String) -> SessionError {
        self.denied("User: \(caller.arn) is not authorized to perform: \(action) on resource: \(role)")
    }
}

// MARK: What may be asked

extension SessionService {
    private static let nameCharacters = Set("_+=,.@-".utf8)

    private static func isName(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || self.nameCharacters.contains(byte)
        }
    }

    /// STS-3.
    static func validate(_ request: AssumeRoleRequest) throws(SessionError) {
        let parts = request.roleARN.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[5].hasPrefix("role/"),
            AccountID(String(parts[4])) != nil
        else { throw SessionError("ValidationError", "\(request.roleARN) is invalid") }
        let texts =
            [("roleSessionName", request.sessionName)] + (request.sourceIdentity.map { [("sourceIdentity", $0)] } ?? [])
        for (member, text) in texts {
            guard (2...64).contains(text.utf8.count) else {
                let bound = text.utf8.count < 2 ? "greater than or equal to 2" : "less than or equal to 64"
                throw .validation(member, text, "Member must have length \(bound)")
            }
            guard self.isName(text) else {
                throw .validation(member, text, "Member must satisfy regular expression pattern: [\\w+=,.@-]*")
            }
        }
        if let duration = request.durationSeconds {
            guard duration >= 900 else {
                throw .validation(
                    "durationSeconds", "\(duration)", "Member must have value greater than or equal to 900")
            }
            guard duration <= 43_200 else {
                throw .validation(
                    "durationSeconds", "\(duration)", "Member must have value less than or equal to 43200")
            }
        }
        try self.validate(policy: request.policy, policyARNs: request.policyARNs)
    }

    fileprivate static func validate(_ request: FederationTokenRequest) throws(SessionError) {
        guard (2...32).contains(request.name.utf8.count) else {
            let bound = request.name.utf8.count < 2 ? "greater than or equal to 2" : "less than or equal to 32"
            throw .validation("name", request.name, "Member must have length \(bound)")
        }
        guard self.isName(request.name) else {
            throw .validation(
                "name", request.name, "Member must satisfy regular expression pattern: [\\w+=,.@-]*")
        }
        if let duration = request.durationSeconds {
            guard duration >= 900 else {
                throw .validation(
                    "durationSeconds", "\(duration)", "Member must have value greater than or equal to 900")
            }
            guard duration <= 129_600 else {
                throw .validation(
                    "durationSeconds", "\(duration)", "Member must have value less than or equal to 129600")
            }
        }
        try self.validate(policy: request.policy, policyARNs: request.policyARNs)
    }

    private static func validate(policy: String?, policyARNs: [String]) throws(SessionError) {
        if let policy {
            do {
                _ = try PolicyDocument(json: Array(policy.utf8), kind: .identity)
            } catch {
                throw SessionError("MalformedPolicyDocument", "This policy contains invalid Json")
            }
        }
        if policyARNs.count > 10 {
            throw .validation(
                "policyArns", "[\(policyARNs.joined(separator: ", "))]",
                "Member must have length less than or equal to 10")
        }
    }

    /// Tags that the calling session hands on, and what the request may not do with them.
    static func inheritedTags(
        _ tags: [Tag], transitiveTagKeys: [String], caller: Principal
    ) throws(SessionError) -> [String: String] {
        if tags.count > 50 {
            throw SessionError("ValidationError", "Session tags cannot be more than 50.")
        }
        let keys = tags.map { $0.key.lowercased() }
        guard Set(keys).count == keys.count else {
            throw SessionError(
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        }
        guard Set(transitiveTagKeys.map { $0.lowercased() }).isSubset(of: keys) else {
            throw SessionError(
                "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
        }
        guard let session = caller.session else { return [:] }
        let inherited = session.tags.filter { session.transitiveTagKeys.contains($0.key) }
        guard Set(inherited.keys.map { $0.lowercased() }).isDisjoint(with: keys) else {
            throw SessionError(
                "InvalidParameterValue",
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
            )
        }
        return inherited
    }

    fileprivate static func packedPolicySize(_ grant: SessionGrant) throws(SessionError) -> Int {
        var count = grant.policies.reduce(0) { $0 + $1.utf8.count }
        count += grant.policyARNs.reduce(0) { $0 + $1.utf8.count }
        count += grant.tags.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        let percent = (count * 100 + Self.maximumPackedByteCount - 1) / Self.maximumPackedByteCount
        guard percent <= 100 else {
            throw SessionError(
                "PackedPolicyTooLarge",
                "Packed size of session tags and policies consumes \(percent)% of allotted space.")
        }
        return percent
    }
}
