import Synchronization
package import TernCore

/// The regions of the federation and where they answer, as they are now: those of the configuration, and those that joined
/// while this one runs (identity-and-control, part 8).
package final class RegionMap: Sendable {
    private let configured: [RegionName: String]
    private let current: Mutex<[RegionName: String]>

    /// - Parameter configured: `http://host:port` or `https://host:port`, without a slash at the end.
    package init(_ configured: [RegionName: String]) {
        self.configured = configured
        self.current = Mutex(configured)
    }

    package var endpoints: [RegionName: String] { self.current.withLock { $0 } }

    package var names: Set<RegionName> { self.current.withLock { Set($0.keys) } }

    package subscript(region: RegionName) -> String? { self.current.withLock { $0[region] } }

    package func contains(_ region: RegionName) -> Bool { self[region] != nil }

    /// Whether the configuration names a region; such a region neither joins nor is removed.
    package func isConfigured(_ region: RegionName) -> Bool { self.configured[region] != nil }

    /// The configuration's endpoint of a region.
    package func configuredEndpoint(of region: RegionName) -> String? { self.configured[region] }

    /// Takes up where a region that joined answers; `nil` for one that was removed. What the configuration says of a region
    /// stays.
    package func set(_ endpoint: String?, of region: RegionName) {
        if self.isConfigured(region) { return }
        self.current.withLock { $0[region] = endpoint }
    }
}
