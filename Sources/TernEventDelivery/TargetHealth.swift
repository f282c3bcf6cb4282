import Synchronization
import TernCore
import TernObjects

/// How a target does, and what was sent to it by this process.
final class TargetHealth: Sendable {
    struct State: Sendable {
        var delivered: UInt64 = 0
        var failed: UInt64 = 0
        var gaveUp: UInt64 = 0
        var backoff: TargetBackoff?
    }

    private let state = Mutex(State())

    var known: State { self.state.withLock { $0 } }

    func note(_ backoff: TargetBackoff) {
        self.state.withLock { $0.backoff = backoff }
    }

    func note(_ outcomes: [EventOutcome]) {
        self.state.withLock { state in
            for outcome in outcomes {
                switch outcome {
                case .delivered: state.delivered += 1
                case .failed: state.failed += 1
                case .gaveUp: state.gaveUp += 1
                case .dropped: break
                }
            }
        }
    }
}

extension TargetWorker {
    /// - Parameter name: The target's ARN, where the worker has none of its own.
    func report(as name: String? = nil) -> EventTargetReport {
        let known = self.health.known
        var report = EventTargetReport(target: name ?? self.configuration.arn)
        report.kind = name == nil ? self.configuration.kindName : "missing"
        report.delivered = known.delivered
        report.failed = known.failed
        report.gaveUp = known.gaveUp
        report.lastError = known.backoff?.lastError ?? ""
        report.nextAttempt = known.backoff?.until
        if self.mailbox.isClosed {
            report.state = "closed"
        } else if known.backoff?.isProbing == true {
            report.state = "backing off"
        }
        return report
    }
}
