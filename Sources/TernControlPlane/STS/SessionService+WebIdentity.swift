import TernCore
package import TernPorts

/// What AssumeRoleWithWebIdentity is asked. Source: AWS STS API Reference, AssumeRoleWithWebIdentity.
package struct WebIdentityRequest: Sendable {
    package var roleARN: String
    package var sessionName: String
    package var token: String
    package var durationSeconds: Int64?
    /// JSON.
    package var policy: String?
    package var policyARNs: [String] = []
    /// Under which the client is answered.
    package var requestID = ""

    package init(roleARN: String, sessionName: String, token: String) {
        self.roleARN = roleARN
        self.sessionName = sessionName
        self.token = token
    }
}

/// The session of a web identity.
package struct AssumedWebIdentity: Sendable {
    package var role: AssumedRole
    package var identity: WebIdentity
    package var sourceIdentity: String?
}

extension SessionService {
    /// How far the clock of an issuer may be ahead of this one.
    private static let clockTolerance: Int64 = 300

    /// Gives a session to whoever has a token of a provider that the role's account knows and the role trusts.
    ///
    /// Source: AWS STS API Reference, AssumeRoleWithWebIdentity; OpenID Connect Core 1.0 §3.1.3.7.
    package func assumeRoleWithWebIdentity(
        _ request: WebIdentityRequest, context: [String: [String]]
    ) async throws(SessionError) -> AssumedWebIdentity {
        let token: JSONWebToken
        let identity: WebIdentity
        do throws(SessionError) {
            token = try Self.read(request.token)
            identity = try await self.verify(token, forRole: request.roleARN)
        } catch {
            self.authorizer.note(
                FailedAuthentication(
                    code: error.code, message: error.message, accessKeyID: "",
                    action: "sts:AssumeRoleWithWebIdentity", requestID: request.requestID, context: context))
            throw error
        }
        var wanted = AssumeRoleRequest(roleARN: request.roleARN, sessionName: request.sessionName)
        wanted.durationSeconds = request.durationSeconds
        wanted.policy = request.policy
        wanted.policyARNs = request.policyARNs
        wanted.requestID = request.requestID
        try Self.takeSessionClaims(of: token, into: &wanted)
        try Self.validate(wanted)
        let caller = Principal.webIdentity(identity)
        _ = try Self.inheritedTags(wanted.tags, transitiveTagKeys: wanted.transitiveTagKeys, caller: caller)
        guard let role = self.directory.role(arn: wanted.roleARN) else { throw .notAuthorizedByWebIdentity }
        do throws(SessionError) {
            try await self.authorize(
                wanted, caller: caller, role: role, action: "sts:AssumeRoleWithWebIdentity", context: context)
        } catch {
            // STS-2: neither why nor whether the role exists.
            throw error.status == 403 ? .notAuthorizedByWebIdentity : error
        }
        let duration = try Self.duration(wanted, maximum: Int64(role.maximumSessionSeconds))
        var grant = SessionGrant(subject: .role(role.identity), name: wanted.sessionName, durationSeconds: duration)
        grant.policies = wanted.policy.map { [$0] } ?? []
        grant.policyARNs = wanted.policyARNs
        grant.tags = Dictionary(wanted.tags.map { ($0.key, $0.value) }) { _, last in last }
        grant.transitiveTagKeys = Set(wanted.transitiveTagKeys)
        grant.sourceIdentity = wanted.sourceIdentity
        grant.context = identity.conditions
        return AssumedWebIdentity(
            role: try self.make(grant, role: role), identity: identity, sourceIdentity: wanted.sourceIdentity)
    }

    /// Tags and source identity that the provider gives the session.
    ///
    /// Source: AWS IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity".
    private static func takeSessionClaims(
        of token: JSONWebToken, into request: inout AssumeRoleRequest
    ) throws(SessionError) {
        if let claim = token.claims["https://aws.amazon.com/source_identity"] {
            guard let text = claim.string else { throw .invalidToken("The source identity is not a text.") }
            request.sourceIdentity = text
        }
        guard let claim = token.claims["https://aws.amazon.com/tags"] else { return }
        guard case .object(let members)? = claim["principal_tags"] else {
            throw .invalidToken("The session tags are not readable.")
        }
        for member in members {
            guard let values = member.value.strings, values.count == 1, let value = values.first else {
                throw .invalidToken("A session tag has one value.")
            }
            request.tags.append(Tag(key: member.name, value: value))
        }
        if let keys = claim["transitive_tag_keys"] {
            guard let texts = keys.strings else { throw .invalidToken("The transitive tag keys are not texts.") }
            request.transitiveTagKeys = texts
        }
    }

    // MARK: The token

    private static func read(_ text: String) throws(SessionError) -> JSONWebToken {
        guard let token = JSONWebToken(text) else {
            throw .invalidToken("The token is not a JWT that is signed by RS256 or ES256.")
        }
        return token
    }

    /// Believes a token, or says why not: its issuer is known in the role's account, signed it, and made it for one of the
    /// provider's clients and for now.
    private func verify(_ token: JSONWebToken, forRole arn: String) async throws(SessionError) -> WebIdentity {
        let scheme = "https://"
        guard let url = token.claims["iss"]?.string, url.hasPrefix(scheme),
            let subject = token.claims["sub"]?.string, !subject.isEmpty
        else { throw .invalidToken("The token does not say who issued it, and for whom.") }
        let issuer = String(url.dropFirst(scheme.count).trimming(suffix: "/"))
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        let account = parts.count > 4 ? String(parts[4]) : ""
        guard let provider = self.directory.webIdentityProvider(issuer: issuer, account: account) else {
            throw .invalidToken("No OpenIDConnect provider found in your account for \(url)")
        }
        guard let issuers = self.issuers else {
            throw SessionError("IDPCommunicationError", "Identity providers are not asked here.")
        }
        let candidates: [JSONWebKey]
        do throws(DocumentProblem) {
            candidates = try await issuers.keys(for: token, of: issuer)
        } catch {
            throw SessionError("IDPCommunicationError", "The identity provider cannot be reached: \(error.message)")
        }
        guard candidates.contains(where: { $0.verifies(token) }) else {
            throw .invalidToken("The token is not signed by a key of its issuer.")
        }
        try self.checkTimes(token)
        // The client for which the token was made, where it is for several.
        let audiences = token.claims["azp"]?.string.map { [$0] } ?? token.claims["aud"]?.strings ?? []
        guard let audience = audiences.first(where: { provider.clientIDs.contains($0) }) else {
            throw .invalidToken("Incorrect token audience")
        }
        return WebIdentity(provider: provider.arn, issuer: issuer, audience: audience, subject: subject)
    }

    private func checkTimes(_ token: JSONWebToken) throws(SessionError) {
        let now = self.clock.now.seconds
        guard let expires = token.seconds("exp") else { throw .invalidToken("The token does not say when it expires.") }
        guard now < expires else {
            throw SessionError(
                "ExpiredTokenException",
                "Token expired: current date/time \(now) must be before the expiration date/time \(expires)")
        }
        for claim in ["nbf", "iat"] {
            guard let from = token.seconds(claim) else { continue }
            guard from <= now + Self.clockTolerance else { throw .invalidToken("The token is not valid yet.") }
        }
    }
}

extension SessionError {
    fileprivate static func invalidToken(_ message: String) -> SessionError {
        SessionError("InvalidIdentityToken", message)
    }

    fileprivate static let notAuthorizedByWebIdentity = SessionError(
        "AccessDenied", status: 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

extension Substring {
    fileprivate func trimming(suffix: String) -> Substring {
        self.hasSuffix(suffix) ? self.dropLast(suffix.count) : self
    }
}
