import TernS3Protocol

/// How long a restore takes, by tier (spec rule RST-4). By default a second, so that clients see both states.
package struct RestoreDelays: Hashable, Sendable {
    package var expeditedMilliseconds: Int64 = 1000
    package var standardMilliseconds: Int64 = 1000
    package var bulkMilliseconds: Int64 = 1000

    package init() {}

    func milliseconds(_ tier: RestoreTier) -> Int64 {
        switch tier {
        case .expedited: self.expeditedMilliseconds
        case .standard: self.standardMilliseconds
        case .bulk: self.bulkMilliseconds
        }
    }
}
