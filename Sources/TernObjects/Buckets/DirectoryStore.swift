package import TernCore
package import TernRecords
package import TernS3Protocol
package import TernStorage

/// Bucket names, the rows of the control plane, and the change log of both, in this region's directory partition.
///
/// In the home region it is the truth; elsewhere it is a copy that follows the log.
package struct DirectoryStore: Sendable {
    let metadata: any MetadataStore
    let region: RegionName

    package init(metadata: any MetadataStore, region: RegionName) {
        self.metadata = metadata
        self.region = region
    }

    enum Row {
        /// `D` name: a ``DirectoryRecord``.
        static let record = UInt8(ascii: "D")
        /// `L` sequence: a ``DirectoryChange``.
        static let change = UInt8(ascii: "L")
        /// `Q`: the sequence of the last change made (home) or applied (elsewhere).
        static let sequence = [UInt8(ascii: "Q")]

        /// `E` key: a row of the control plane, whose keys and values it alone understands.
        static let control = UInt8(ascii: "E")

        static func name(_ name: String) -> [UInt8] { [self.record] + Array(name.utf8) }

        static func control(_ key: [UInt8]) -> [UInt8] { [self.control] + key }

        static func change(_ sequence: UInt64) -> [UInt8] {
            var row = [self.change]
            row.append(bigEndian: sequence)
            return row
        }
    }

    package func record(_ name: String) async throws(S3Error) -> DirectoryRecord? {
        guard let bytes = try await self.metadata.value(Row.name(name), in: .directory) else { return nil }
        return try decodeRecord(bytes)
    }

    /// Every record, in the order of names, in pages.
    package func records(after name: String, limit: Int) async throws(S3Error) -> [DirectoryRecord] {
        let range = KeyRange(from: Row.name(name) + [0], to: KeyRange.end(ofPrefix: [Row.record]))
        var records: [DirectoryRecord] = []
        for entry in try await self.metadata.entries(range, in: .directory, limit: limit) {
            records.append(try decodeRecord(entry.value))
        }
        return records
    }

    /// What ``reserve(_:)`` found.
    package enum Reservation: Sendable {
        case reserved(DirectoryRecord)
        case exists(DirectoryRecord)
    }

    /// Takes a name, or says who has it. Asking again for one's own unconfirmed name takes it up again. Home region only.
    package func reserve(_ record: DirectoryRecord) async throws(S3Error) -> Reservation {
        var wanted = record
        wanted.isReserved = true
        while true {
            if let existing = try await self.record(record.name) {
                let isOurs = existing.isReserved && existing.owner == record.owner && existing.region == record.region
                return isOurs ? .reserved(existing) : .exists(existing)
            }
            if try await self.append(wanted, isRemoval: false, replacing: nil) { return .reserved(wanted) }
        }
    }

    /// Marks a reserved name as a bucket that exists. Home region only.
    package func confirm(_ name: String, bucketID: UInt64) async throws(S3Error) {
        while let existing = try await self.record(name), existing.bucketID == bucketID, existing.isReserved {
            var confirmed = existing
            confirmed.isReserved = false
            if try await self.append(confirmed, isRemoval: false, replacing: existing) { return }
        }
    }

    /// Frees a name, if it still belongs to that bucket. Home region only.
    package func release(_ name: String, bucketID: UInt64) async throws(S3Error) {
        while let existing = try await self.record(name), existing.bucketID == bucketID {
            if try await self.append(existing, isRemoval: true, replacing: existing) { return }
        }
    }

    /// The sequence of the last change made or applied here.
    package func lastSequence() async throws(S3Error) -> UInt64 {
        UInt64(bigEndianBytes: try await self.metadata.value(Row.sequence, in: .directory) ?? [])
    }

    /// What ``changes(after:limit:)`` gives at once, in bytes: other regions take no more than 16 MiB.
    private static let changeByteLimit = 4 << 20
    private static let changesPerScan = 32

    /// Changes behind `sequence`, for the regions that follow: at least one if there is any, and not more than fits into
    /// one answer.
    package func changes(after sequence: UInt64, limit: Int) async throws(S3Error) -> [DirectoryChange] {
        var changes: [DirectoryChange] = []
        var byteCount = 0
        while changes.count < limit {
            let last = changes.last?.sequence ?? sequence
            let range = KeyRange(from: Row.change(last &+ 1), to: KeyRange.end(ofPrefix: [Row.change]))
            let wanted = min(limit - changes.count, Self.changesPerScan)
            let page = try await self.metadata.entries(range, in: .directory, limit: wanted)
            for entry in page {
                byteCount += entry.value.count
                if byteCount > Self.changeByteLimit, !changes.isEmpty { return changes }
                changes.append(try decodeRecord(entry.value))
            }
            if page.count < wanted { break }
        }
        return changes
    }

    /// Applies changes of the home region's log, in order; those that were applied before are skipped.
    package func apply(_ changes: [DirectoryChange]) async throws(S3Error) {
        for change in changes {
            while try await !self.apply(change) {}
        }
    }

    /// Whether the change is done with; `false` where the name changed meanwhile.
    private func apply(_ change: DirectoryChange) async throws(S3Error) -> Bool {
        let previous = try await self.metadata.value(Row.sequence, in: .directory)
        guard change.sequence > UInt64(bigEndianBytes: previous ?? []) else { return true }
        var batch = MetadataBatch(partition: .directory)
        batch.require(Row.sequence, is: previous)
        if change.hasRecord {
            let row = Row.name(change.record.name)
            let current = try await self.metadata.value(row, in: .directory)
            batch.require(row, is: current)
            if try await self.isNews(change, to: current) {
                if change.isRemoval { batch.delete(row) } else { batch.put(row, try encodeRecord(change.record)) }
            }
        }
        Self.add(change.controlWrites, to: &batch)
        batch.put(Row.sequence, Self.bytes(change.sequence))
        return try await self.metadata.tryCommit(batch)
    }

    /// Whether a change of the log says more than what is known here. Of its own buckets the region knows everything
    /// before the log tells it (``anticipate(_:)``, ``anticipateRemoval(of:bucketID:)``), and the log comes later: what it
    /// says of an earlier bucket of the name must not hide the one that is there now, nor bring back one that is gone.
    func isNews(_ change: DirectoryChange, to current: [UInt8]?) async throws(S3Error) -> Bool {
        if let current {
            let known: DirectoryRecord = try decodeRecord(current)
            if try await self.isAlive(known) {
                return known.bucketID == change.record.bucketID && (change.isRemoval || known.isReserved)
            }
        }
        if change.isRemoval || change.record.region != self.region.description { return true }
        return try await self.isAlive(change.record)
    }

    /// Whether it is a bucket of this region, and there.
    func isAlive(_ record: DirectoryRecord) async throws(S3Error) -> Bool {
        guard record.region == self.region.description else { return false }
        let partition = PartitionID(kind: .bucket, id: record.bucketID)
        return try await self.metadata.value(Keyspace.epoch, in: partition) != nil
    }

    /// Puts a record into the local copy ahead of the log, so that the region that made it reads its own write.
    package func anticipate(_ record: DirectoryRecord) async throws(S3Error) {
        var batch = MetadataBatch(partition: .directory)
        batch.put(Row.name(record.name), try encodeRecord(record))
        _ = try await self.metadata.tryCommit(batch)
    }

    /// Takes a name out of the local copy ahead of the log.
    package func anticipateRemoval(of name: String, bucketID: UInt64) async throws(S3Error) {
        guard let existing = try await self.metadata.value(Row.name(name), in: .directory) else { return }
        let record: DirectoryRecord = try decodeRecord(existing)
        guard record.bucketID == bucketID else { return }
        var batch = MetadataBatch(partition: .directory)
        batch.require(Row.name(name), is: existing)
        batch.delete(Row.name(name))
        _ = try await self.metadata.tryCommit(batch)
    }

    private func append(_ record: DirectoryRecord, isRemoval: Bool, replacing: DirectoryRecord?) async throws(S3Error)
        -> Bool
    {
        let previous = try await self.metadata.value(Row.sequence, in: .directory)
        var change = DirectoryChange()
        change.sequence = UInt64(bigEndianBytes: previous ?? []) + 1
        change.record = record
        change.isRemoval = isRemoval
        var batch = MetadataBatch(partition: .directory)
        batch.require(Row.sequence, is: previous)
        if let replacing {
            batch.require(Row.name(record.name), is: try encodeRecord(replacing))
        } else {
            batch.require(Row.name(record.name), is: nil)
        }
        if isRemoval {
            batch.delete(Row.name(record.name))
        } else {
            batch.put(Row.name(record.name), try encodeRecord(record))
        }
        batch.put(Row.change(change.sequence), try encodeRecord(change))
        batch.put(Row.sequence, Self.bytes(change.sequence))
        return try await self.metadata.tryCommit(batch)
    }

    // MARK: Rows of the control plane

    package func controlRow(_ key: [UInt8]) async throws(S3Error) -> [UInt8]? {
        try await self.metadata.value(Row.control(key), in: .directory)
    }

    /// Rows whose keys begin with `prefix` and come after `last`, in order.
    package func controlRows(
        prefix: [UInt8], after last: [UInt8]?, limit: Int
    ) async throws(S3Error) -> [KeyValue] {
        let start = last.map { Row.control($0) + [0] } ?? Row.control(prefix)
        let range = KeyRange(from: start, to: KeyRange.end(ofPrefix: Row.control(prefix)))
        return try await self.metadata.entries(range, in: .directory, limit: limit)
            .map { KeyValue(key: Array($0.key.dropFirst()), value: $0.value) }
    }

    /// Writes rows of the control plane and the change that tells of them, together. Home region only.
    ///
    /// - Parameter requirements: What rows must be for that: `nil` for one that is not there.
    /// - Returns: `false` when a row is not as required.
    package func appendControl(
        _ writes: [ControlWriteRecord], requiring requirements: [(key: [UInt8], value: [UInt8]?)]
    ) async throws(S3Error) -> Bool {
        while true {
            let previous = try await self.metadata.value(Row.sequence, in: .directory)
            var change = DirectoryChange()
            change.sequence = UInt64(bigEndianBytes: previous ?? []) + 1
            change.controlWrites = writes
            var batch = MetadataBatch(partition: .directory)
            batch.require(Row.sequence, is: previous)
            for requirement in requirements {
                batch.require(Row.control(requirement.key), is: requirement.value)
            }
            Self.add(writes, to: &batch)
            batch.put(Row.change(change.sequence), try encodeRecord(change))
            batch.put(Row.sequence, Self.bytes(change.sequence))
            if try await self.metadata.tryCommit(batch) { return true }
            for requirement in requirements {
                guard try await self.controlRow(requirement.key) == requirement.value else { return false }
            }
        }
    }

    private static func add(_ writes: [ControlWriteRecord], to batch: inout MetadataBatch) {
        for write in writes {
            if write.isRemoval {
                batch.delete(Row.control(Array(write.key)))
            } else {
                batch.put(Row.control(Array(write.key)), Array(write.value))
            }
        }
    }

    static func bytes(_ sequence: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: sequence)
        return bytes
    }
}
