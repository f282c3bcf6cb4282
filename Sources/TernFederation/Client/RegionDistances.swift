import Synchronization
package import TernCore
import TernObjects
package import TernPorts

/// How long the other regions take to answer, as it was measured lately: which of them is the nearest (identity-and-control
/// MRP-14).
package final class RegionDistances: Sendable {
    private let client: PeerClient
    private let wall: any WallClock
    private let measured = Mutex<[RegionName: Double]>([:])

    /// Below the time for which connections are kept: what is measured is the line, not the handshakes.
    private static let interval = Duration.seconds(20)
    private static let timeout = Duration.seconds(5)
    /// What a new measurement counts beside those before it, so that one slow answer does not turn the traffic around.
    private static let weight = 0.2

    package init(client: PeerClient, wall: any WallClock) {
        self.client = client
        self.wall = wall
    }

    /// In milliseconds; `nil` for a region that never answered.
    package func distance(to region: RegionName) -> Double? { self.measured.withLock { $0[region] } }

    /// Measures now and then, until it is cancelled.
    package func run() async {
        while !Task.isCancelled {
            // Between two regions there is nothing to choose.
            let others = self.client.federation.regions.names.subtracting([self.client.federation.region])
            if others.count > 1 {
                for region in others.sorted(by: { $0.description < $1.description }) { await self.measure(region) }
            }
            guard (try? await self.wall.sleep(until: self.wall.now + Self.interval)) != nil else { return }
        }
    }

    /// A region that does not answer is not further away for it: its requests fail until its route is changed (MRP-15).
    private func measure(_ region: RegionName) async {
        let start = ContinuousClock.now
        guard (try? await self.client.sendExpectingOK(.health, to: region, timeout: Self.timeout)) != nil else {
            return
        }
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        self.note(Double(seconds) * 1e3 + Double(attoseconds) / 1e15, of: region)
    }

    func note(_ milliseconds: Double, of region: RegionName) {
        self.measured.withLock { measured in
            measured[region] =
                measured[region].map { $0 + (milliseconds - $0) * Self.weight } ?? milliseconds
        }
    }
}
