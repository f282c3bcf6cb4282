package import TernCore
package import TernPorts

/// The regions that joined the federation while it ran: rows of the home region, followed by the others, so that all know
/// of a new one without a restart (identity-and-control, part 8).
package final class JoinedRegions: Sendable {
    private let log: any ControlLog
    private let regions: RegionMap

    private static let prefix = Array("regions/".utf8)

    /// - Parameter regions: Learns of every region that joins or is removed.
    package init(log: any ControlLog, regions: RegionMap) {
        self.log = log
        self.regions = regions
    }

    private static func key(_ region: RegionName) -> [UInt8] { self.prefix + Array(region.description.utf8) }

    /// Reads all rows: at the start.
    package func load() async throws(ControlLogError) {
        for row in try await self.log.rows(prefix: Self.prefix) { try self.apply(row.key, row.value) }
    }

    /// Takes up rows that the log of the home region has changed here.
    package func refresh(_ keys: [[UInt8]]) async throws(ControlLogError) {
        for key in keys where key.starts(with: Self.prefix) { try self.apply(key, try await self.log.row(key)) }
    }

    private func apply(_ key: [UInt8], _ value: [UInt8]?) throws(ControlLogError) {
        let text = String(decoding: key.dropFirst(Self.prefix.count), as: UTF8.self)
        guard let region = RegionName(text) else { throw ControlLogError("the row of the region \(text) is damaged") }
        self.regions.set(value.map { String(decoding: $0, as: UTF8.self) }, of: region)
    }

    /// What came of a wish to join.
    package enum Joining: Hashable, Sendable {
        case joined
        /// It had joined before, or the configuration names it, with this endpoint.
        case known
        /// The region answers somewhere else.
        case otherEndpoint(String)
        /// Another region answers there.
        case endpointTaken(RegionName)
    }

    /// What joining would come to, without a change.
    package func look(_ region: RegionName, endpoint: String) -> Joining {
        if let known = self.regions[region] { return known == endpoint ? .known : .otherEndpoint(known) }
        if let other = self.regions.endpoints.first(where: { $0.value == endpoint })?.key {
            return .endpointTaken(other)
        }
        return .joined
    }

    /// Adds a region, unless it is there. Home region only.
    package func join(_ region: RegionName, endpoint: String) async throws(ControlLogError) -> Joining {
        let expected = self.look(region, endpoint: endpoint)
        guard expected == .joined else { return expected }
        let key = Self.key(region)
        let value = Array(endpoint.utf8)
        guard
            try await self.log.append(
                [ControlWrite(key: key, value: value)], requiring: [ControlRequirement(key: key, value: nil)])
        else {
            // Somebody else was faster.
            try self.apply(key, try await self.log.row(key))
            return self.look(region, endpoint: endpoint)
        }
        try self.apply(key, value)
        return .joined
    }

    /// Takes away a region that joined; `false` for one that did not. Home region only.
    package func remove(_ region: RegionName) async throws(ControlLogError) -> Bool {
        let key = Self.key(region)
        guard let value = try await self.log.row(key) else { return false }
        guard
            try await self.log.append(
                [ControlWrite(key: key, value: nil)], requiring: [ControlRequirement(key: key, value: value)])
        else { throw ControlLogError("the region was changed at the same time") }
        try self.apply(key, nil)
        return true
    }
}
