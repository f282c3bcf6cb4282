package import TernCore
import TernPolicy
package import TernPorts

/// Where lines of the audit go.
package protocol AuditSink: Sendable {
    /// - Parameter line: JSON, without the end of the line.
    func write(_ line: [UInt8])
}

/// Writes every decision of another authorizer down (specification §11).
package struct AuditingAuthorizer: Authorizer {
    private let authorizer: PolicyAuthorizer
    private let sink: any AuditSink
    private let region: RegionName
    private let clock: any WallClock
    private let random: any RandomSource

    package init(
        _ authorizer: PolicyAuthorizer, sink: any AuditSink, region: RegionName, clock: any WallClock,
        random: any RandomSource
    ) {
        self.authorizer = authorizer
        self.sink = sink
        self.region = region
        self.clock = clock
        self.random = random
    }

    /// What needs no policy is written down as well.
    package var wantsEveryRequest: Bool { true }

    package func authorize(_ request: AuthorizationRequest) async -> AuthorizationDecision {
        let decision = await self.authorizer.authorize(request)
        let explained: PolicyDecision
        var message: String?
        switch decision {
        case .allowed:
            let (found, _) = self.authorizer.decide(request)
            // What was decided is written down: between the two, a policy may have changed.
            explained = found.isAllowed ? found : .allowed(.root)
        case .denied(let denial):
            explained = .denied(denial.reason ?? .notAllowed(.identity))
            message = denial.message
        }
        self.write(
            AuditRecord(
                request, explained, message: message, region: self.region, now: self.clock.now,
                eventID: self.makeEventID()))
        return decision
    }

    package func note(_ failure: FailedAuthentication) {
        self.write(
            AuditRecord(failure, region: self.region, now: self.clock.now, eventID: self.makeEventID()))
    }

    private func makeEventID() -> String {
        RandomText.make(32, of: Array("0123456789abcdef".utf8), self.random)
    }

    private func write(_ record: AuditRecord) {
        do {
            self.sink.write(try record.line())
        } catch {
            // Texts are always written; were one not, the decision is not made without a trace.
            self.sink.write(Array("{\"errorCode\":\"AuditRecordLost\",\"eventID\":\"\(record.eventID)\"}".utf8))
        }
    }

    package func mentions(_ keyPrefix: String, policiesOf principal: Principal) async -> Bool {
        await self.authorizer.mentions(keyPrefix, policiesOf: principal)
    }
}
