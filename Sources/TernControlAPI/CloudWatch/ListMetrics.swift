import TernControlPlane
import TernCore

extension CloudWatchCall {
    private static let pageSize = 500
    private static let recently = Duration.seconds(3 * 3600)

    func listMetrics() async throws(CloudWatchError) -> JSONOutput {
        let namespace = try self.parameters.text("Namespace")
        let name = try self.parameters.text("MetricName")
        var dimensions: [(name: String, value: String?)] = []
        for filter in try self.parameters.structures("Dimensions", maximum: 10) ?? [] {
            dimensions.append((try filter.required("Name"), try filter.text("Value", maximum: 1024)))
        }
        let active = try self.parameters.text("RecentlyActive")
        if let active, active != "PT3H" {
            throw .value("The value \(active) for parameter RecentlyActive is invalid; it can be PT3H.")
        }
        let owner = try self.parameters.text("OwningAccount")
        let showsOwners = try self.parameters.flag("IncludeLinkedAccounts") ?? false
        let after = try self.parameters.value["NextToken"].map { value throws(CloudWatchError) in
            guard let token = value.text, let bytes = Base64.decode(token) else { throw CloudWatchError.invalidToken }
            return bytes
        }

        let wanted = dimensions
        var found = await self.metrics.series(of: self.account) { series in
            (namespace == nil || series.namespace == namespace) && (name == nil || series.name == name)
                && wanted.allSatisfy { filter in
                    series.dimensions.contains {
                        $0.name == filter.name && (filter.value == nil || $0.value == filter.value)
                    }
                }
        }
        if active != nil { found = found.filter { self.now - $0.last <= Self.recently } }
        if let owner, owner != self.account.description { found = [] }
        // One metric may have data in several units.
        var metrics: [[UInt8]: MetricSeries] = [:]
        for listed in found { metrics[Self.order(of: listed.series)] = listed.series }
        let rest = metrics.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .drop { entry in after.map { !$0.lexicographicallyPrecedes(entry.key) } ?? false }
        let page = rest.prefix(Self.pageSize)
        let next = rest.count > page.count ? page.last.map { Base64.encode($0.key) } : nil
        return .object([
            ("Metrics", .array(page.map { Self.metric($0.value) })),
            ("NextToken", .text(next)),
            (
                "OwningAccounts",
                showsOwners ? .array(page.map { _ in .string(self.account.description) }) : nil
            ),
        ])
    }

    private static func order(of series: MetricSeries) -> [UInt8] {
        var parts = [series.namespace, series.name]
        for dimension in series.dimensions { parts += [dimension.name, dimension.value] }
        return Array(parts.joined(separator: "\u{0}").utf8)
    }

    static func metric(_ series: MetricSeries) -> JSONOutput {
        .object([
            ("Namespace", .string(series.namespace)),
            ("MetricName", .string(series.name)),
            (
                "Dimensions",
                .array(
                    series.dimensions.map {
                        .object([("Name", .string($0.name)), ("Value", .string($0.value))])
                    })
            ),
        ])
    }
}
