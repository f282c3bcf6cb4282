package import TernCore
package import TernRecords

/// Under what data are published: a metric's name with its dimensions, in one unit.
package struct MetricSeries: Hashable, Sendable {
    package struct Dimension: Hashable, Sendable, Comparable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        package static func < (left: Dimension, right: Dimension) -> Bool { left.name < right.name }
    }

    package var account: AccountID
    package var namespace: String
    package var name: String
    /// Sorted by name; no name stands twice.
    package var dimensions: [Dimension]
    /// `None` where the publisher names none.
    package var unit: String

    package init(account: AccountID, namespace: String, name: String, dimensions: [Dimension], unit: String) {
        self.account = account
        self.namespace = namespace
        self.name = name
        self.dimensions = dimensions.sorted()
        self.unit = unit
    }

    package init(_ record: MetricSeriesRecord) {
        self.init(
            account: AccountID(trusted: record.account), namespace: record.namespace, name: record.name,
            dimensions: record.dimensions.map { Dimension($0.name, $0.value) }, unit: record.unit)
    }

    /// As it is stored and sent between regions.
    package func record(id: UInt64 = 0, last: Timestamp = Timestamp(milliseconds: 0)) -> MetricSeriesRecord {
        var record = MetricSeriesRecord()
        record.id = id
        record.account = self.account.description
        record.namespace = self.namespace
        record.name = self.name
        record.unit = self.unit
        record.lastMs = last.milliseconds
        record.dimensions = self.dimensions.map { dimension in
            var stored = MetricSeriesRecord.Dimension()
            stored.name = dimension.name
            stored.value = dimension.value
            return stored
        }
        return record
    }
}

/// Data of one period: what CloudWatch keeps of the values that came in it.
package struct MetricPoint: Hashable, Sendable {
    package struct Value: Hashable, Sendable {
        package var value: Double
        package var count: Double

        package init(_ value: Double, count: Double) {
            self.value = value
            self.count = count
        }
    }

    package var minimum: Double
    package var maximum: Double
    package var sum: Double
    package var count: Double
    /// The distinct values; empty where they are too many, or only their statistics came.
    package var values: [Value]

    /// Distinct values that a point keeps.
    package static let maximumValues = 150

    package init(minimum: Double, maximum: Double, sum: Double, count: Double, values: [Value] = []) {
        self.minimum = minimum
        self.maximum = maximum
        self.sum = sum
        self.count = count
        self.values = values
    }

    package init(_ value: Double, count: Double = 1) {
        self.init(
            minimum: value, maximum: value, sum: value * count, count: count, values: [Value(value, count: count)])
    }

    package init(_ record: MetricBlockRecord.Point) {
        self.init(
            minimum: record.minimum, maximum: record.maximum, sum: record.sum, count: record.count,
            values: zip(record.values, record.counts).map { Value($0, count: $1) })
    }

    package func record(offset: UInt32) -> MetricBlockRecord.Point {
        var record = MetricBlockRecord.Point()
        record.offset = offset
        record.minimum = self.minimum
        record.maximum = self.maximum
        record.sum = self.sum
        record.count = self.count
        record.values = self.values.map(\.value)
        record.counts = self.values.map(\.count)
        return record
    }

    package mutating func add(_ other: MetricPoint) {
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.sum += other.sum
        self.count += other.count
        if self.values.isEmpty || other.values.isEmpty {
            self.values = []
            return
        }
        for value in other.values {
            if let index = self.values.firstIndex(where: { $0.value == value.value }) {
                self.values[index].count += value.count
            } else {
                self.values.append(value)
            }
        }
        if self.values.count > Self.maximumValues { self.values = [] }
    }

    /// The value below which this share of the values lies; `nil` where they are not known.
    package func percentile(_ percent: Double) -> Double? {
        if self.minimum == self.maximum { return self.minimum }
        guard !self.values.isEmpty else { return nil }
        let rank = self.count * percent / 100
        var seen = 0.0
        for value in self.values.sorted(by: { $0.value < $1.value }) {
            seen += value.count
            if seen >= rank { return value.value }
        }
        return self.maximum
    }
}

/// One point on its way into the store.
package struct MetricSample: Hashable, Sendable {
    package var series: MetricSeries
    package var time: Timestamp
    package var point: MetricPoint

    package init(series: MetricSeries, time: Timestamp, point: MetricPoint) {
        self.series = series
        self.time = time
        self.point = point
    }

    package init(_ record: MetricSamples.Sample) {
        self.init(
            series: MetricSeries(record.series), time: Timestamp(milliseconds: record.timeMs),
            point: MetricPoint(record.point))
    }

    package var record: MetricSamples.Sample {
        var record = MetricSamples.Sample()
        record.series = self.series.record()
        record.timeMs = self.time.milliseconds
        record.point = self.point.record(offset: 0)
        return record
    }
}
