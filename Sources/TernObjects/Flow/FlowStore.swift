import TernCore
import TernRecords
import TernReplication
import TernS3Protocol
import TernStorage

/// The rows of pauses and limits, in this region's directory partition.
struct FlowStore: Sendable {
    private let metadata: any MetadataStore

    init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    private enum Row {
        /// `F` kind: a ``ReplicationPauseRecord`` or a ``BandwidthLimitRecord``.
        static let flow = UInt8(ascii: "F")

        enum Kind: UInt8, CaseIterable {
            /// `p`
            case pause = 0x70
            /// `b`
            case bucketLimit = 0x62
            /// `r`
            case regionLimit = 0x72
        }

        /// `F` `p` bucket (8 bytes) rule NUL destination.
        static func pause(_ id: ReplicationPause.ID) -> [UInt8] {
            var row = [self.flow, Kind.pause.rawValue]
            row.append(bigEndian: id.sourceBucketID)
            return row + Array(id.ruleID.utf8) + [0] + Array(id.destinationBucket.utf8)
        }

        /// `F` `b` bucket, or `F` `r` region.
        static func limit(_ destination: FlowDestination) -> [UInt8] {
            switch destination {
            case .bucket(let name): [self.flow, Kind.bucketLimit.rawValue] + Array(name.utf8)
            case .region(let name): [self.flow, Kind.regionLimit.rawValue] + Array(name.utf8)
            }
        }
    }

    func put(_ pause: ReplicationPause) async throws(S3Error) {
        var batch = MetadataBatch(partition: .directory)
        batch.put(Row.pause(pause.id), try encodeRecord(ReplicationPauseRecord(pause)))
        _ = try await self.metadata.tryCommit(batch)
    }

    func remove(_ pauses: [ReplicationPause.ID]) async throws(S3Error) {
        guard !pauses.isEmpty else { return }
        var batch = MetadataBatch(partition: .directory)
        for pause in pauses { batch.delete(Row.pause(pause)) }
        _ = try await self.metadata.tryCommit(batch)
    }

    /// - Parameter limit: `nil` removes the row.
    func set(_ limit: BandwidthLimit?, of destination: FlowDestination) async throws(S3Error) {
        var batch = MetadataBatch(partition: .directory)
        if let limit {
            batch.put(Row.limit(destination), try encodeRecord(BandwidthLimitRecord(limit, of: destination)))
        } else {
            batch.delete(Row.limit(destination))
        }
        _ = try await self.metadata.tryCommit(batch)
    }

    func pauses() async throws(S3Error) -> [ReplicationPause] {
        var pauses: [ReplicationPause] = []
        for value in try await self.values(.pause) {
            let record: ReplicationPauseRecord = try decodeRecord(value)
            pauses.append(ReplicationPause(record))
        }
        return pauses
    }

    func limits() async throws(S3Error) -> [FlowDestination: BandwidthLimit] {
        var limits: [FlowDestination: BandwidthLimit] = [:]
        for value in try await self.values(.bucketLimit) + self.values(.regionLimit) {
            let record: BandwidthLimitRecord = try decodeRecord(value)
            limits[record.destination] = record.limit
        }
        return limits
    }

    private func values(_ kind: Row.Kind) async throws(S3Error) -> [[UInt8]] {
        let pageSize = 1000
        var range = KeyRange(prefix: [Row.flow, kind.rawValue])
        var values: [[UInt8]] = []
        while true {
            let page = try await self.metadata.entries(range, in: .directory, limit: pageSize)
            values += page.map(\.value)
            guard page.count == pageSize, let last = page.last else { return values }
            range.lower = last.key + [0]
        }
    }
}

extension ReplicationPauseRecord {
    fileprivate init(_ pause: ReplicationPause) {
        self.init()
        self.sourceBucket = pause.sourceBucket
        self.sourceBucketID = pause.id.sourceBucketID
        self.ruleID = pause.id.ruleID
        self.destinationBucket = pause.id.destinationBucket
        self.sinceMs = pause.since.milliseconds
        self.untilMs = pause.until?.milliseconds ?? 0
    }
}

extension ReplicationPause {
    fileprivate init(_ record: ReplicationPauseRecord) {
        self.init(
            id: ID(
                sourceBucketID: record.sourceBucketID, ruleID: record.ruleID,
                destinationBucket: record.destinationBucket),
            sourceBucket: record.sourceBucket, since: Timestamp(milliseconds: record.sinceMs),
            until: record.untilMs == 0 ? nil : Timestamp(milliseconds: record.untilMs))
    }
}

extension BandwidthLimitRecord {
    private static let noLimit: Int64 = -1

    fileprivate init(_ limit: BandwidthLimit, of destination: FlowDestination) {
        self.init()
        switch destination {
        case .bucket(let name): self.destinationBucket = name
        case .region(let name): self.destinationRegion = name
        }
        self.bytesPerSecond = limit.bytesPerSecond ?? Self.noLimit
        self.windows = limit.windows.map { window in
            var record = Window()
            record.start = UInt32(window.start)
            record.end = UInt32(window.end)
            record.bytesPerSecond = window.bytesPerSecond ?? Self.noLimit
            return record
        }
        self.zone = limit.zone
    }

    fileprivate var destination: FlowDestination {
        self.destinationBucket.isEmpty ? .region(self.destinationRegion) : .bucket(self.destinationBucket)
    }

    fileprivate var limit: BandwidthLimit {
        let rate = { (stored: Int64) in stored < 0 ? nil : stored }
        return BandwidthLimit(
            bytesPerSecond: rate(self.bytesPerSecond),
            windows: self.windows.map {
                BandwidthLimit.Window(
                    start: Int($0.start), end: Int($0.end), bytesPerSecond: rate($0.bytesPerSecond))
            },
            zone: self.zone)
    }
}
