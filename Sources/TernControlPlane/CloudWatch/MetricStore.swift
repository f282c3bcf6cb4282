import Synchronization
package import TernCore
package import TernPorts
import TernRecords
package import TernStorage

/// A failure of ``MetricStore``.
package enum MetricStoreProblem: Error, Sendable {
    /// There are too many series already.
    case tooManySeries
    case storage(String)
}

/// The metrics of this region: points of one minute for 15 days, of five minutes for 63 (CW-3).
///
/// The names are in memory, the points in the directory's partition, in rows of an hour and of six. Nothing of it stands
/// in the way of a request for an object.
package actor MetricStore {
    private struct Known {
        var id: UInt64
        /// When data came last; stored to the hour.
        var last: Timestamp
        var storedLast: Timestamp
    }

    /// Series that a region keeps.
    package static let maximumSeries = 100_000

    private let rows: MetricRows
    private let wall: any WallClock
    private let random: any RandomSource
    private var known: [MetricSeries: Known] = [:]
    /// Ends and beginnings of waits for each other: one writes at a time.
    private let turn = AsyncLock()

    private init(metadata: any MetadataStore, wall: any WallClock, random: any RandomSource) {
        self.rows = MetricRows(metadata: metadata)
        self.wall = wall
        self.random = random
    }

    /// Reads the names.
    package static func open(
        metadata: any MetadataStore, wall: any WallClock, random: any RandomSource
    ) async throws(MetricStoreProblem) -> MetricStore {
        let store = MetricStore(metadata: metadata, wall: wall, random: random)
        try await store.load()
        return store
    }

    private func load() async throws(MetricStoreProblem) {
        for record in try await Self.guarded({ try await self.rows.allSeries() }) {
            let last = Timestamp(milliseconds: record.lastMs)
            self.known[MetricSeries(record)] = Known(id: record.id, last: last, storedLast: last)
        }
    }

    private static func guarded<Result>(
        _ body: () async throws -> Result
    ) async throws(MetricStoreProblem) -> Result {
        do { return try await body() } catch { throw .storage("\(error)") }
    }

    // MARK: Writing

    /// Points of one commit.
    private static let commitSize = 500
    /// How much newer than now data may be (PutMetricData).
    private static let maximumAhead = Duration.seconds(2 * 3600)

    /// Adds samples to the points of their minutes. Those too old to be kept, or from the future, are left out.
    package func publish(_ samples: [MetricSample]) async throws(MetricStoreProblem) {
        await self.turn.acquire()
        defer { self.turn.release() }
        let now = self.wall.now
        var blocks: [MetricBlock: [(offset: UInt32, point: MetricPoint)]] = [:]
        var touched: [UInt64: MetricSeriesRecord] = [:]
        for sample in samples {
            guard sample.time <= now + Self.maximumAhead else { continue }
            let (id, record) = try self.identify(sample.series, at: sample.time)
            if let record { touched[id] = record }
            for resolution in MetricResolution.allCases where now - sample.time < resolution.retention {
                let start = resolution.blockStart(sample.time.seconds)
                let offset = UInt32((sample.time.seconds - start) / resolution.period)
                blocks[MetricBlock(series: id, resolution: resolution, start: start), default: []].append(
                    (offset, sample.point))
            }
        }
        var pending: [MetricBlock: MetricBlockRecord] = [:]
        var newSeries = Array(touched.values)
        for (block, points) in blocks {
            var record = try await Self.guarded { try await self.rows.block(block) }
            for (offset, point) in points { record.add(point, at: offset) }
            pending[block] = record
            if pending.count >= Self.commitSize {
                try await self.commit(pending, newSeries)
                pending = [:]
                newSeries = []
            }
        }
        if !pending.isEmpty || !newSeries.isEmpty { try await self.commit(pending, newSeries) }
    }

    private func commit(
        _ blocks: [MetricBlock: MetricBlockRecord], _ series: [MetricSeriesRecord]
    ) async throws(MetricStoreProblem) {
        try await Self.guarded { try await self.rows.put(blocks, series: series) }
        for record in series {
            self.known[MetricSeries(record)]?.storedLast = Timestamp(milliseconds: record.lastMs)
        }
    }

    /// The number of a series, and its record where that is to be stored.
    private func identify(
        _ series: MetricSeries, at time: Timestamp
    ) throws(MetricStoreProblem) -> (UInt64, MetricSeriesRecord?) {
        if var known = self.known[series] {
            known.last = max(known.last, time)
            self.known[series] = known
            let isStale = known.last - known.storedLast >= .seconds(3600)
            return (known.id, isStale ? series.record(id: known.id, last: known.last) : nil)
        }
        guard self.known.count < Self.maximumSeries else { throw .tooManySeries }
        let id = self.random.next()
        self.known[series] = Known(id: id, last: time, storedLast: Timestamp(milliseconds: 0))
        return (id, series.record(id: id, last: time))
    }

    // MARK: Reading

    /// A series that has data, and when they came last.
    package struct Listed: Sendable {
        package var series: MetricSeries
        package var last: Timestamp
    }

    /// The series of an account that a filter admits.
    package func series(of account: AccountID, where admits: @Sendable (MetricSeries) -> Bool) -> [Listed] {
        self.known.filter { $0.key.account == account && admits($0.key) }.map {
            Listed(series: $0.key, last: $0.value.last)
        }
    }

    /// The points of a series in a stretch of time, put together to periods that begin at `start`.
    ///
    /// - Parameters:
    ///   - start: Included, `end`: excluded; in seconds.
    ///   - period: In seconds, a multiple of 60.
    package func points(
        of series: MetricSeries, start: Int64, end: Int64, period: Int64
    ) async throws(MetricStoreProblem) -> [(time: Int64, point: MetricPoint)] {
        guard let known = self.known[series], start < end, period > 0 else { return [] }
        // Where the points of a minute are gone, those of five minutes serve, if they are fine enough.
        let now = self.wall.now.seconds
        let oldestMinute = now - MetricResolution.minute.retention.components.seconds
        var found: [Int64: MetricPoint] = [:]
        if start < oldestMinute, period % MetricResolution.fiveMinutes.period == 0 {
            try await self.collect(
                .fiveMinutes, of: known.id, from: start, to: min(end, oldestMinute), start: start, period: period,
                into: &found)
        }
        if end > oldestMinute {
            try await self.collect(
                .minute, of: known.id, from: max(start, oldestMinute), to: end, start: start, period: period,
                into: &found)
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func collect(
        _ resolution: MetricResolution, of series: UInt64, from: Int64, to: Int64, start: Int64, period: Int64,
        into found: inout [Int64: MetricPoint]
    ) async throws(MetricStoreProblem) {
        let blocks = try await Self.guarded {
            try await self.rows.blocks(of: series, resolution, from: resolution.blockStart(from), to: to)
        }
        for (blockStart, record) in blocks {
            for stored in record.points {
                let time = blockStart + Int64(stored.offset) * resolution.period
                guard time >= from, time < to else { continue }
                let bucket = start + (time - start) / period * period
                let point = MetricPoint(stored)
                if found[bucket]?.add(point) == nil { found[bucket] = point }
            }
        }
    }

    // MARK: Ageing

    /// Removes what is too old to be kept. Now and then.
    package func removeOld() async throws(MetricStoreProblem) {
        await self.turn.acquire()
        defer { self.turn.release() }
        let now = self.wall.now
        for (series, known) in self.known {
            for resolution in MetricResolution.allCases {
                let oldest = (now + (.zero - resolution.retention)).seconds
                try await Self.guarded {
                    try await self.rows.removeBlocks(
                        of: known.id, resolution, before: resolution.blockStart(oldest))
                }
            }
            if now - known.last > MetricResolution.fiveMinutes.retention {
                try await Self.guarded { try await self.rows.remove(known.id) }
                self.known[series] = nil
            }
        }
    }
}

extension MetricBlockRecord {
    fileprivate mutating func add(_ point: MetricPoint, at offset: UInt32) {
        if let index = self.points.firstIndex(where: { $0.offset >= offset }) {
            if self.points[index].offset == offset {
                var sum = MetricPoint(self.points[index])
                sum.add(point)
                self.points[index] = sum.record(offset: offset)
            } else {
                self.points.insert(point.record(offset: offset), at: index)
            }
        } else {
            self.points.append(point.record(offset: offset))
        }
    }
}
