import TernControlPlane
import TernCore

extension CloudWatchCall {
    private static let maximumPoints: Int64 = 1440
    private static let statistics = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]

    func getMetricStatistics() async throws(CloudWatchError) -> JSONOutput {
        let namespace = try self.parameters.required("Namespace")
        let name = try self.parameters.required("MetricName")
        let dimensions = try self.parameters.dimensions()
        let (start, end) = try self.parameters.times(now: self.now)
        let period = try self.parameters.period()
        let simple = try self.parameters.texts("Statistics", maximum: 5) ?? []
        let extended = try self.parameters.texts("ExtendedStatistics", maximum: 10) ?? []
        let unit = try self.parameters.unit()
        if let unknown = simple.first(where: { !Self.statistics.contains($0) }) {
            throw .value("The value \(unknown) for parameter Statistics is invalid.")
        }
        if simple.isEmpty == extended.isEmpty {
            throw .combination(
                "Exactly one of the parameters Statistics and ExtendedStatistics must be specified.")
        }
        let requested = (end - start + period - 1) / period
        if requested > Self.maximumPoints {
            throw .combination(
                "You have requested up to \(requested) datapoints, which exceeds the limit of \(Self.maximumPoints). "
                    + "You may reduce the datapoints requested by increasing Period, or decreasing the time range.")
        }
        let single = try self.statistics(simple)
        let percentiles = try self.statistics(extended)

        var points: [JSONOutput] = []
        // Nothing is kept finer than by the minute.
        if period >= 60 {
            for series in await self.series(
                namespace: namespace, name: name, dimensions: dimensions, unit: unit)
            {
                let found = try await self.stored { () async throws(MetricStoreProblem) in
                    try await self.metrics.points(of: series, start: start, end: end, period: period)
                }
                for (time, point) in found {
                    points.append(Self.datapoint(time, point, single, percentiles, unit: series.unit))
                }
            }
        }
        return .object([("Label", .string(name)), ("Datapoints", .array(points))])
    }

    private func statistics(_ names: [String]) throws(CloudWatchError) -> [(String, MetricStatistic)] {
        var statistics: [(String, MetricStatistic)] = []
        for name in names {
            guard let statistic = MetricStatistic(name) else {
                throw .value("The value \(name) for parameter ExtendedStatistics is not supported.")
            }
            statistics.append((name, statistic))
        }
        return statistics
    }

    private static func datapoint(
        _ time: Int64, _ point: MetricPoint, _ single: [(String, MetricStatistic)],
        _ percentiles: [(String, MetricStatistic)], unit: String
    ) -> JSONOutput {
        var members: [(name: String, value: JSONOutput?)] = [("Timestamp", .time(Timestamp(seconds: time)))]
        for (name, statistic) in single { members.append((name, statistic.value(of: point).map(JSONOutput.number))) }
        if !percentiles.isEmpty {
            members.append(
                (
                    "ExtendedStatistics",
                    .entries(
                        percentiles.compactMap { name, statistic in
                            statistic.value(of: point).map { (name, .number($0)) }
                        })
                ))
        }
        members.append(("Unit", .string(unit)))
        return .object(members)
    }
}
