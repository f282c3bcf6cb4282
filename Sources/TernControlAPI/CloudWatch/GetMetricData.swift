import TernControlPlane
import TernCore

extension CloudWatchCall {
    private static let maximumQueries = 500
    private static let maximumPoints: Int64 = 100_800

    private struct DataQuery {
        var id: String
        var label: String
        var namespace: String
        var name: String
        var dimensions: [MetricSeries.Dimension]
        var period: Int64
        var statistic: MetricStatistic
        var unit: String?
    }

    /// Where a page begins.
    private struct Place {
        var query: Int
        var point: Int

        init(query: Int = 0, point: Int = 0) {
            self.query = query
            self.point = point
        }

        init?(token: String) {
            guard let bytes = Base64.decode(token) else { return nil }
            let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":").compactMap { Int($0) }
            guard parts.count == 2, parts.allSatisfy({ $0 >= 0 }) else { return nil }
            self.init(query: parts[0], point: parts[1])
        }

        var token: String { Base64.encode(Array("\(self.query):\(self.point)".utf8)) }
    }

    func getMetricData() async throws(CloudWatchError) -> JSONOutput {
        guard let structures = try self.parameters.structures("MetricDataQueries", maximum: Self.maximumQueries),
            !structures.isEmpty
        else { throw .missing("MetricDataQueries") }
        let queries = try self.queries(structures)
        let (start, end) = try self.parameters.times(now: self.now)
        let isAscending = try self.isAscending()
        let limit = try self.parameters.integer("MaxDatapoints") ?? Self.maximumPoints
        guard (1...Self.maximumPoints).contains(limit) else {
            throw .value("The value \(limit) for parameter MaxDatapoints must be 1 to \(Self.maximumPoints).")
        }
        var place = Place()
        if let value = self.parameters.value["NextToken"] {
            guard let token = value.text, let given = Place(token: token), given.query < queries.count else {
                throw .invalidToken
            }
            place = given
        }

        var results: [JSONOutput] = []
        var left = Int(limit)
        var next: Place?
        for index in place.query..<queries.count {
            if left == 0 {
                next = Place(query: index)
                break
            }
            let query = queries[index]
            let first = index == place.query ? place.point : 0
            let all = try await self.points(of: query, start: start, end: end, isAscending: isAscending)
            let points = all.dropFirst(first).prefix(left)
            left -= points.count
            let isWhole = first + points.count >= all.count
            results.append(Self.result(query, points, isWhole: isWhole))
            if !isWhole {
                next = Place(query: index, point: first + points.count)
                break
            }
        }
        return .object([
            ("MetricDataResults", .array(results)), ("NextToken", .text(next?.token)), ("Messages", .array([])),
        ])
    }

    private func isAscending() throws(CloudWatchError) -> Bool {
        switch try self.parameters.text("ScanBy") {
        case nil, "TimestampDescending": return false
        case "TimestampAscending": return true
        case let other?: throw .value("The value \(other) for parameter ScanBy is invalid.")
        }
    }

    /// The queries whose data are returned.
    private func queries(_ structures: [CloudWatchParameters]) throws(CloudWatchError) -> [DataQuery] {
        var queries: [DataQuery] = []
        var ids: Set<String> = []
        for structure in structures {
            let id = try structure.required("Id")
            guard let first = id.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
                id.utf8.allSatisfy({ Self.isOfIdentifier($0) })
            else {
                throw .value("The value \(id) for parameter Id does not match ^[a-z][a-zA-Z0-9_]*$.")
            }
            guard ids.insert(id).inserted else { throw .value("The values for parameter Id are not unique: \(id).") }
            let query = try self.query(structure, id: id)
            if try structure.flag("ReturnData") ?? true { queries.append(query) }
        }
        return queries
    }

    private static func isOfIdentifier(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private func query(_ structure: CloudWatchParameters, id: String) throws(CloudWatchError) -> DataQuery {
        if structure.has("Expression") { throw .value("Metric math is not supported: query \(id) has an Expression.") }
        if let account = try structure.text("AccountId"), account != self.account.description {
            throw .value("Metrics of other accounts are not shared: query \(id) has an AccountId.")
        }
        guard let statistics = try structure.structure("MetricStat") else { throw .missing("MetricStat") }
        guard let metric = try statistics.structure("Metric") else { throw .missing("Metric") }
        let name = try metric.required("MetricName")
        let stat = try statistics.required("Stat")
        guard let statistic = MetricStatistic(stat) else {
            throw .value("The value \(stat) for parameter Stat is not supported.")
        }
        let label = try structure.text("Label", maximum: 2048)
        if let label, label.contains("${") { throw .value("Dynamic labels are not supported: \(label).") }
        return DataQuery(
            id: id, label: label ?? name, namespace: try metric.required("Namespace"), name: name,
            dimensions: try metric.dimensions(), period: try statistics.period(), statistic: statistic,
            unit: try statistics.unit())
    }

    /// The values of a query, over the data of all units that it admits.
    private func points(
        of query: DataQuery, start: Int64, end: Int64, isAscending: Bool
    ) async throws(CloudWatchError) -> [(time: Int64, value: Double)] {
        // Nothing is kept finer than by the minute.
        if query.period < 60 { return [] }
        var merged: [Int64: MetricPoint] = [:]
        for series in await self.series(
            namespace: query.namespace, name: query.name, dimensions: query.dimensions, unit: query.unit)
        {
            let found = try await self.stored { () async throws(MetricStoreProblem) in
                try await self.metrics.points(of: series, start: start, end: end, period: query.period)
            }
            for (time, point) in found where merged[time]?.add(point) == nil { merged[time] = point }
        }
        let values = merged.compactMap { time, point in
            query.statistic.value(of: point).map { (time: time, value: $0) }
        }
        return values.sorted { isAscending ? $0.time < $1.time : $0.time > $1.time }
    }

    private static func result(
        _ query: DataQuery, _ points: ArraySlice<(time: Int64, value: Double)>, isWhole: Bool
    ) -> JSONOutput {
        .object([
            ("Id", .string(query.id)),
            ("Label", .string(query.label)),
            ("Timestamps", .array(points.map { .time(Timestamp(seconds: $0.time)) })),
            ("Values", .array(points.map { .number($0.value) })),
            ("StatusCode", .string(isWhole ? "Complete" : "PartialData")),
        ])
    }
}
