import SwiftProtobuf
import TernCore
import TernRecords
import TernStorage

/// The rows of metrics, in this region's directory partition. One process writes them.
struct MetricRows: Sendable {
    let metadata: any MetadataStore

    private enum Row {
        /// `M` series: a ``MetricSeriesRecord``.
        static let series = UInt8(ascii: "M")
        /// `m` resolution series start: a ``MetricBlockRecord``.
        static let block = UInt8(ascii: "m")

        static func series(_ id: UInt64) -> [UInt8] {
            var row = [self.series]
            row.append(bigEndian: id)
            return row
        }

        static func block(_ block: MetricBlock) -> [UInt8] {
            var row = self.blocks(of: block.series, block.resolution)
            row.append(bigEndian: UInt64(clamping: block.start))
            return row
        }

        static func blocks(of series: UInt64, _ resolution: MetricResolution) -> [UInt8] {
            var row = [self.block, resolution.rawValue]
            row.append(bigEndian: series)
            return row
        }
    }

    private static let pageRows = 1000

    func allSeries() async throws -> [MetricSeriesRecord] {
        var range = KeyRange(prefix: [Row.series])
        var all: [MetricSeriesRecord] = []
        while true {
            let page = try await self.metadata.scan(range, in: .directory, limit: Self.pageRows)
            for entry in page { all.append(try MetricSeriesRecord(serializedBytes: entry.value)) }
            guard page.count == Self.pageRows, let last = page.last else { return all }
            range.lower = last.key + [0]
        }
    }

    func block(_ block: MetricBlock) async throws -> MetricBlockRecord {
        guard let value = try await self.metadata.get(Row.block(block), in: .directory) else {
            return MetricBlockRecord()
        }
        return try MetricBlockRecord(serializedBytes: value)
    }

    /// The blocks of a series that begin in a stretch of time, in seconds, with their starts.
    func blocks(
        of series: UInt64, _ resolution: MetricResolution, from: Int64, to: Int64
    ) async throws -> [(start: Int64, record: MetricBlockRecord)] {
        let prefix = Row.blocks(of: series, resolution)
        var range = KeyRange(
            from: Row.block(MetricBlock(series: series, resolution: resolution, start: from)),
            to: Row.block(MetricBlock(series: series, resolution: resolution, start: to)))
        var blocks: [(Int64, MetricBlockRecord)] = []
        while true {
            let page = try await self.metadata.scan(range, in: .directory, limit: Self.pageRows)
            for entry in page {
                let start = UInt64(bigEndianBytes: entry.key[prefix.count...])
                blocks.append((Int64(clamping: start), try MetricBlockRecord(serializedBytes: entry.value)))
            }
            guard page.count == Self.pageRows, let last = page.last else { return blocks }
            range.lower = last.key + [0]
        }
    }

    /// One commit.
    func put(_ blocks: [MetricBlock: MetricBlockRecord], series: [MetricSeriesRecord]) async throws {
        var batch = MetadataBatch(partition: .directory)
        for record in series { batch.put(Row.series(record.id), try record.serializedBytes()) }
        for (block, record) in blocks { batch.put(Row.block(block), try record.serializedBytes()) }
        try await self.metadata.commit(batch)
    }

    /// Removes the blocks of a series that begin before a time.
    func removeBlocks(of series: UInt64, _ resolution: MetricResolution, before time: Int64) async throws {
        let range = KeyRange(
            from: Row.blocks(of: series, resolution),
            to: Row.block(MetricBlock(series: series, resolution: resolution, start: time)))
        while true {
            let page = try await self.metadata.scan(range, in: .directory, limit: Self.pageRows)
            if page.isEmpty { return }
            var batch = MetadataBatch(partition: .directory)
            for entry in page { batch.delete(entry.key) }
            try await self.metadata.commit(batch)
        }
    }

    func remove(_ series: UInt64) async throws {
        var batch = MetadataBatch(partition: .directory)
        batch.delete(Row.series(series))
        try await self.metadata.commit(batch)
    }
}

/// How fine points are kept, and for how long (CW-3).
enum MetricResolution: UInt8, CaseIterable, Sendable {
    case minute = 0
    case fiveMinutes = 1

    /// In seconds.
    var period: Int64 {
        switch self {
        case .minute: 60
        case .fiveMinutes: 300
        }
    }

    /// Points of one row.
    private var pointsPerBlock: Int64 {
        switch self {
        case .minute: 60
        case .fiveMinutes: 72
        }
    }

    var blockLength: Int64 { self.period * self.pointsPerBlock }

    var retention: Duration {
        switch self {
        case .minute: .seconds(15 * 86400)
        case .fiveMinutes: .seconds(63 * 86400)
        }
    }

    /// The start of the block that has a time, in seconds.
    func blockStart(_ seconds: Int64) -> Int64 { seconds - seconds % self.blockLength }
}

struct MetricBlock: Hashable, Sendable {
    var series: UInt64
    var resolution: MetricResolution
    /// In seconds since 1970.
    var start: Int64
}
