import TernControlPlane
import TernCore

extension CloudWatchCall {
    private static let maximumData = 1000
    private static let past = Duration.seconds(14 * 86400)
    private static let future = Duration.seconds(2 * 3600)

    func putMetricData(namespace: String) async throws(CloudWatchError) {
        if namespace.hasPrefix("AWS/") {
            throw .value("The value AWS/ for parameter Namespace is invalid.")
        }
        if self.parameters.has("EntityMetricData") { throw .value("EntityMetricData is not supported.") }
        guard let data = try self.parameters.structures("MetricData", maximum: Self.maximumData), !data.isEmpty else {
            throw .missing("MetricData")
        }
        var samples: [MetricSample] = []
        for datum in data {
            if try datum.integer("StorageResolution") ?? 60 != 60 {
                throw .value("The value for parameter StorageResolution can be 60: metrics are kept by the minute.")
            }
            let time = try datum.time("Timestamp") ?? self.now
            guard self.now - time <= Self.past, time - self.now <= Self.future else {
                throw .value(
                    "The parameter Timestamp must specify a time within the past two weeks, and no later than two hours "
                        + "from now.")
            }
            let series = MetricSeries(
                account: self.account, namespace: namespace, name: try datum.required("MetricName"),
                dimensions: try datum.dimensions(), unit: try datum.unit() ?? "None")
            samples.append(MetricSample(series: series, time: time, point: try Self.point(datum)))
        }
        let put = samples
        try await self.stored { () async throws(MetricStoreProblem) in try await self.metrics.publish(put) }
    }

    private static func point(_ datum: CloudWatchParameters) throws(CloudWatchError) -> MetricPoint {
        let forms = ["Value", "Values", "StatisticValues"].filter(datum.has)
        guard forms.count == 1 else {
            throw forms.isEmpty
                ? .missing("Value")
                : .combination("The parameters \(forms.joined(separator: " and ")) are mutually exclusive.")
        }
        if let value = try datum.double("Value") { return MetricPoint(value) }
        if let set = try datum.structure("StatisticValues") {
            guard let count = try set.double("SampleCount"), let sum = try set.double("Sum"),
                let minimum = try set.double("Minimum"), let maximum = try set.double("Maximum")
            else { throw .missing("StatisticValues") }
            guard count > 0, minimum <= maximum else { throw .value("The StatisticValues contradict each other.") }
            return MetricPoint(minimum: minimum, maximum: maximum, sum: sum, count: count)
        }
        let values = try datum.doubles("Values", maximum: MetricPoint.maximumValues) ?? []
        let counts = try datum.doubles("Counts", maximum: MetricPoint.maximumValues)
        guard !values.isEmpty, counts == nil || counts?.count == values.count else {
            throw .combination("The parameters Values and Counts must be of the same size, and not empty.")
        }
        var sum: MetricPoint?
        for (index, value) in values.enumerated() {
            let count = counts?[index] ?? 1
            guard count > 0 else { throw .value("The values for parameter Counts must be greater than 0.") }
            let point = MetricPoint(value, count: count)
            if sum?.add(point) == nil { sum = point }
        }
        guard let sum else { throw .missing("Values") }
        return sum
    }
}
