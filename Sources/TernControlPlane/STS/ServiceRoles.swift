import Synchronization
package import TernCore
import TernPolicy
package import TernPorts

/// Roles that the server assumes for replication and jobs (STS-7, specification §6.8).
package final class ServiceRoles: RoleAssumer {
    private struct Question: Hashable {
        var role: String
        var service: String
        var sourceARN: String
        /// A bucket may have another owner than the one of its name before.
        var sourceAccount: AccountID
    }

    private struct Answers {
        var revision: UInt64?
        var known: [Question: (principal: Principal?, until: Int64)] = [:]
        /// By their ARNs.
        var roles: [String: AssumableRole] = [:]

        /// Forgets everything where the directory is another than it was, or where there is too much.
        mutating func refresh(_ revision: UInt64) {
            guard self.revision != revision || self.known.count + self.roles.count >= ServiceRoles.maximumAnswers else {
                return
            }
            self = Answers(revision: revision)
        }
    }

    private let directory: any PrincipalDirectory
    private let authorizer: any Authorizer
    private let clock: any WallClock
    private let uses: (any CredentialUses)?
    private let answers = Mutex(Answers())

    /// How many answers are remembered.
    var answerCount: Int { self.answers.withLock { $0.known.count + $0.roles.count } }

    /// A trust policy may look at the time.
    private static let lifetimeMilliseconds: Int64 = 60_000
    private static let maximumAnswers = 4096
    /// Names of sessions are the server's own choice.
    private static let sessionName = "s3-replication"

    package init(
        directory: any PrincipalDirectory, authorizer: any Authorizer, clock: any WallClock,
        uses: (any CredentialUses)? = nil
    ) {
        self.uses = uses
        self.directory = directory
        self.authorizer = authorizer
        self.clock = clock
    }

    package func assume(
        role arn: String, by service: String, sourceARN: String, sourceAccount: AccountID
    ) async -> Principal? {
        let principal = await self.judge(
            Question(role: arn, service: service, sourceARN: sourceARN, sourceAccount: sourceAccount))
        if let principal { self.uses?.note(principal, accessKeyID: nil, service: "s3") }
        return principal
    }

    /// By what is known, for a minute at most.
    private func judge(_ question: Question) async -> Principal? {
        let now = self.clock.now.milliseconds
        let revision = self.directory.revision
        let known = self.answers.withLock { answers in
            answers.revision == revision ? answers.known[question] : nil
        }
        if let known, now < known.until { return known.principal }
        let principal = await self.ask(question)
        self.answers.withLock { answers in
            answers.refresh(revision)
            answers.known[question] = (principal, now + Self.lifetimeMilliseconds)
        }
        return principal
    }

    private func ask(_ question: Question) async -> Principal? {
        guard let role = self.directory.role(arn: question.role),
            let trust = try? CompiledPolicy(
                json: Array(role.trustPolicy.utf8), kind: .trust, name: "trust policy")
        else { return nil }
        let decision = await self.authorizer.authorize(
            AuthorizationRequest(
                principal: .service(question.service), action: "sts:AssumeRole", resource: question.role,
                resourceOwner: role.identity.account.id, resourcePolicy: trust, resourceRole: .trust,
                context: {
                    [
                        "aws:SourceArn": [question.sourceARN],
                        "aws:SourceAccount": [question.sourceAccount.description],
                        "sts:RoleSessionName": [Self.sessionName],
                    ]
                }))
        guard case .allowed = decision else { return nil }
        return self.principal(role)
    }

    package func session(ofRole arn: String) async -> Principal? {
        let revision = self.directory.revision
        let known = self.answers.withLock { answers in
            answers.revision == revision ? answers.roles[arn] : nil
        }
        if let known { return self.principal(known) }
        guard let role = self.directory.role(arn: arn) else { return nil }
        self.answers.withLock { answers in
            answers.refresh(revision)
            answers.roles[arn] = role
        }
        return self.principal(role)
    }

    private func principal(_ role: AssumableRole) -> Principal {
        // The time is not looked at: such a session has no token that could be revoked.
        .role(role.identity, TemporarySession(name: Self.sessionName, issuedAt: self.clock.now))
    }
}
