/// When a task that failed for a passing reason is tried again (batch-replication §4.4, decision TD-8).
package struct TaskRetry: Hashable, Sendable {
    package static let maximumAttempts = 5

    /// How long to wait after this many attempts, or `nil` when it was tried often enough.
    ///
    /// - Parameter jitter: In 0..<1, by chance.
    package static func delay(afterAttempts attempts: Int, jitter: Double) -> Duration? {
        guard attempts < self.maximumAttempts else { return nil }
        let limit = 500.0 * Double(1 << max(0, attempts - 1))
        return .milliseconds(Int64(limit * (0.5 + 0.5 * jitter)))
    }

    /// Whether an answer may be another one next time.
    package static func isTransient(status: Int, code: String) -> Bool {
        switch code {
        case "InternalError", "ServiceUnavailable", "SlowDown", "OperationAborted", "RequestTimeout",
            "TemporaryFailure":
            true
        // Between the job and a function.
        case "FunctionUnreachable", "FunctionTimeout", "FunctionConnectionBroken": true
        case "FunctionRefused", "ServiceException": status >= 500 || status == 429
        default: status == 503 || status == 429
        }
    }
}
