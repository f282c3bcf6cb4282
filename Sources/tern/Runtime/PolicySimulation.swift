import TernControlPlane
import TernCore
import TernFederation
import TernPolicy
import TernPorts
import TernRecords
import TernS3API
import TernS3Protocol

/// Decides for `tern iam simulate` as the region itself does: with its authorizer, on its own policies.
struct PolicySimulation: PolicySimulator {
    let catalog: IAMCatalog
    let identities: any IdentityStore
    let authorizer: PolicyAuthorizer
    let s3: S3Responder
    let keys: KeyManager?
    let wall: any WallClock

    func decide(_ question: SimulationQuestion) async throws(S3Error) -> SimulatedDecision {
        guard question.action.contains(":"), !question.action.contains("*") else {
            throw Self.invalid("`\(question.action)` is no action; write for example s3:GetObject")
        }
        let principal = try await self.principal(question)
        let asked: (request: AuthorizationRequest, isGranted: Bool)
        do throws(S3Error) {
            asked = try await self.request(question, principal)
        } catch  where error.code == "AccessDenied" {
            return SimulatedDecision(
                outcome: .implicitDeny,
                reason: "RestrictPublicBuckets of Block Public Access keeps the bucket for its owner's account.")
        }
        let (decision, _) = self.authorizer.decide(asked.request)
        switch decision {
        case .allowed(let reason):
            return Self.allowed(reason)
        case .denied(let reason):
            if asked.isGranted, reason == .notAllowed(.identity) || reason == .notAllowed(.resource) {
                return SimulatedDecision(outcome: .allowed, reason: "A grant of the key allows it.")
            }
            return Self.denied(reason, action: question.action)
        }
    }

    // MARK: Who

    private func principal(_ question: SimulationQuestion) async throws(S3Error) -> Principal {
        let text = question.principal
        if text == "anonymous" || text == "*" { return .anonymous }
        if text.hasSuffix(".amazonaws.com"), !text.hasPrefix("arn:") { return .service(text) }
        let session = TemporarySession(
            name: "simulation", issuedAt: self.wall.now, policies: question.sessionPolicy.map { [$0] } ?? [])
        let given = question.sessionPolicy == nil ? nil : session
        if let policy = question.sessionPolicy {
            guard (try? CompiledPolicy(json: Array(policy.utf8), kind: .identity, name: "session")) != nil else {
                throw Self.invalid("the session policy cannot be read")
            }
        }
        if let number = AccountID(text) ?? (text.hasSuffix(":root") ? ARN.account(of: text) : nil) {
            guard let account = await self.identities.account(number) else { throw Self.unknown(text) }
            return .root(account, given)
        }
        if let role = self.catalog.role(arn: text) { return .role(role.identity, session) }
        let state = self.catalog.state
        guard let user = state.users.entity(arn: text), let account = state.account(user.account) else {
            throw Self.unknown(text)
        }
        return .user(UserIdentity(account: account, name: user.name, path: user.path, id: user.id), given)
    }

    private static func unknown(_ principal: String) -> S3Error {
        S3Error(
            code: "NoSuchEntity", status: 404,
            message: "there is no user, role or account \(principal); write its whole ARN, path included")
    }

    private static func invalid(_ message: String) -> S3Error {
        S3Error(code: "InvalidInput", status: 400, message: message)
    }

    // MARK: On what

    private func request(
        _ question: SimulationQuestion, _ principal: Principal
    ) async throws(S3Error) -> (request: AuthorizationRequest, isGranted: Bool) {
        let context = question.context
        let resource = question.resource
        let bucketPrefix = "arn:aws:s3:::"
        if resource.hasPrefix(bucketPrefix) {
            let path = resource.dropFirst(bucketPrefix.count)
            let slash = path.firstIndex(of: "/")
            var key: ObjectKey?
            if let slash {
                do {
                    key = try ObjectKey(Array(path[path.index(after: slash)...].utf8))
                } catch {
                    throw Self.invalid("`\(resource)` names no object")
                }
            }
            return (
                try await self.s3.authorizationRequest(
                    of: principal, to: question.action, bucket: String(path[..<(slash ?? path.endIndex)]), key: key,
                    context: context), false
            )
        }
        if resource.hasPrefix("arn:aws:kms:"), question.action.hasPrefix("kms:"), let keys {
            guard let account = ARN.account(of: resource) else { throw Self.invalid("`\(resource)` names no key") }
            let caller = KeyCaller(
                principal: principal, account: account, viaService: context["kms:ViaService"]?.first, context: context)
            do throws(KeyServiceError) {
                return try await keys.authorizationRequest(
                    of: caller, to: String(question.action.dropFirst("kms:".count)), key: resource)
            } catch {
                throw S3Error(code: error.code, status: 404, message: error.message)
            }
        }
        var request = AuthorizationRequest(
            principal: principal, action: question.action, resource: resource,
            resourceOwner: ARN.account(of: resource) ?? principal.account?.id, context: { context })
        if question.action.hasPrefix("sts:AssumeRole"), let role = self.catalog.role(arn: resource) {
            guard
                let trust = try? CompiledPolicy(
                    json: Array(role.trustPolicy.utf8), kind: .trust, name: "trust policy")
            else { throw Self.invalid("the trust policy of \(resource) cannot be read") }
            request.resourcePolicy = trust
            request.resourceRole = .trust
        }
        return (request, false)
    }

    // MARK: What decided

    private static func allowed(_ reason: AllowReason) -> SimulatedDecision {
        let (text, statements): (String, [DecidingStatement]) =
            switch reason {
            case .root: ("The root of the account that owns the resource may do everything.", [])
            case .identity(let statement): ("A policy of the principal allows it.", [statement])
            case .resource(let statement): ("The policy of the resource allows it.", [statement])
            case .both(let identity, let resource):
                (
                    "The principal's policies allow it, and so does the policy of the resource, which belongs to another "
                        + "account.", [identity, resource].compactMap { $0 }
                )
            case .accessControlList: ("An ACL grants it.", [])
            }
        return SimulatedDecision(outcome: .allowed, reason: text, statements: statements.map { .init($0) })
    }

    private static func denied(_ reason: DenyReason, action: String) -> SimulatedDecision {
        switch reason {
        case .explicit(let statement):
            SimulatedDecision(
                outcome: .explicitDeny, reason: "Denied \(reason.denialText(action: action)).",
                statements: [.init(statement)])
        case .notAllowed:
            SimulatedDecision(outcome: .implicitDeny, reason: "Denied \(reason.denialText(action: action)).")
        case .restrictedPublicBucket:
            SimulatedDecision(
                outcome: .implicitDeny,
                reason: "The bucket's policy is public, and RestrictPublicBuckets keeps other accounts out.")
        }
    }
}

extension SimulatedDecision.Statement {
    fileprivate init(_ statement: DecidingStatement) {
        self.init(kind: statement.kind.rawValue, policy: statement.policy, statement: statement.statement)
    }
}
