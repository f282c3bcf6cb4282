import Synchronization
import TernCore

/// Limits how often each account asks about its jobs (decision TD-2): the rate, and what was saved of it in ten seconds.
final class JobRequestRates: Sendable {
    private struct Allowance {
        /// In thousandths of requests.
        var credit: Int64
        var counted: Timestamp
    }

    private let rate: Int64
    private let allowances = Mutex<[AccountID: Allowance]>([:])

    private static let savedSeconds: Int64 = 10
    private static let one: Int64 = 1000

    init(requestsPerSecond: Int) {
        self.rate = max(1, Int64(requestsPerSecond))
    }

    private var limit: Int64 { self.rate * Self.savedSeconds * Self.one }

    /// Whether a request may be made now; it is counted then.
    func admit(_ account: AccountID, at now: Timestamp) -> Bool {
        self.allowances.withLock { allowances in
            var allowance = allowances[account] ?? Allowance(credit: self.limit, counted: now)
            // A clock that was set back gives nothing, and takes nothing.
            let elapsed = min(max(0, now.milliseconds - allowance.counted.milliseconds), Self.savedSeconds * 1000)
            allowance.credit = min(self.limit, allowance.credit + elapsed * self.rate)
            allowance.counted = now
            let isAdmitted = allowance.credit >= Self.one
            if isAdmitted { allowance.credit -= Self.one }
            allowances[account] = allowance
            return isAdmitted
        }
    }
}
