package import TernCore
package import TernPorts
package import TernS3Protocol

/// The Multi-Region Access Points of the federation, in memory: the truth in the home region, a copy that follows
/// elsewhere.
package final class MultiRegionAccessPointCatalog: Sendable {
    /// Rings when a request was taken that is to be worked on.
    package let taken = Wakeup()

    private let followed: FollowedState<MultiRegionAccessPointState>
    private let freshness: any DirectoryFreshness

    package init(log: any ControlLog, freshness: any DirectoryFreshness) {
        self.followed = FollowedState(log: log, empty: MultiRegionAccessPointState())
        self.freshness = freshness
    }

    /// The state at this moment.
    package var state: MultiRegionAccessPointState { self.followed.value }

    /// Reads every row: at the start, and when it is not known what the log has.
    package func load() async throws(ControlLogError) { try await self.followed.load() }

    /// Takes rows over that the log of the home region has changed here. Rows that cannot be read are tried again at the
    /// next call.
    package func refresh(_ keys: [[UInt8]]) async throws(ControlLogError) { try await self.followed.refresh(keys) }

    /// Makes a change. Home region only.
    ///
    /// - Parameter plan: A pure function: it may be asked several times.
    package func change<Result: Sendable>(
        _ plan: (MultiRegionAccessPointState) throws(S3Error) -> MultiRegionAccessPointPlan<Result>
    ) async throws(S3Error) -> Result {
        guard let result = try await self.followed.change(notStored: .accessPointsNotStored, plan) else {
            throw .operationAborted
        }
        return result
    }
}

extension MultiRegionAccessPointCatalog: MultiRegionAccessPoints {
    package func multiRegionAccessPoint(alias: String) -> MultiRegionAccessPoint? {
        self.followed.read { $0.point(alias: alias) }
    }

    package func isInUse(bucket: String, by account: AccountID) async throws(S3Error) -> Bool {
        guard await self.freshness.catchUp() else { throw .accessPointsNotKnown }
        return self.state.isInUse(bucket: bucket, by: account)
    }
}

package typealias MultiRegionAccessPointPlan = ControlPlan
