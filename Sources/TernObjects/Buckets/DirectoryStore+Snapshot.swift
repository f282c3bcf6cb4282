import FoundationEssentials
import TernCore
package import TernRecords
package import TernS3Protocol
import TernStorage

/// A copy of the directory's rows, for a region that is further behind than the log goes back.
///
/// The home region gives its rows in pages, which need not be of one moment: the copy then follows the log from where it
/// was before the first page, and each change says what its rows are from then on.
extension DirectoryStore {
    /// A page of rows.
    package struct SnapshotPage: Sendable {
        package var rows: [DirectoryRow]
        package var isLast: Bool

        package init(rows: [DirectoryRow], isLast: Bool) {
            self.rows = rows
            self.isLast = isLast
        }
    }

    /// What the copying of a page changed.
    package struct SnapshotChanges: Sendable {
        package var names: [String] = []
        package var controlKeys: [[UInt8]] = []
    }

    private static let pageByteLimit = 4 << 20
    private static let rowsPerScan = 128
    private static let rowsPerPage = 2000

    /// Bucket names and rows of the control plane: `D` and `E`.
    private static func range(after key: [UInt8]?) -> KeyRange {
        KeyRange(from: key.map { $0 + [0] } ?? [Row.record], to: KeyRange.end(ofPrefix: [Row.control]))
    }

    /// Rows behind that key. Home region only.
    package func snapshotPage(after key: [UInt8]?) async throws(S3Error) -> SnapshotPage {
        var rows: [DirectoryRow] = []
        var byteCount = 0
        var last = key
        while true {
            let page = try await self.metadata.entries(
                Self.range(after: last), in: .directory, limit: Self.rowsPerScan)
            for entry in page {
                byteCount += entry.key.count + entry.value.count
                if !rows.isEmpty, byteCount > Self.pageByteLimit || rows.count == Self.rowsPerPage {
                    return SnapshotPage(rows: rows, isLast: false)
                }
                var row = DirectoryRow()
                row.key = .init(entry.key)
                row.value = .init(entry.value)
                rows.append(row)
                last = entry.key
            }
            if page.count < Self.rowsPerScan { return SnapshotPage(rows: rows, isLast: true) }
        }
    }

    /// Makes the rows behind `key`, as far as the page goes, those of the page.
    ///
    /// - Parameter sequence: Of this region's copy: as long as the copying goes on, nothing else may change it.
    /// - Returns: `nil` where something did: the copying has to begin again.
    package func take(
        _ page: SnapshotPage, after key: [UInt8]?, sequence: UInt64
    ) async throws(S3Error) -> SnapshotChanges? {
        var wanted: [[UInt8]: [UInt8]] = [:]
        for row in page.rows { wanted[Array(row.key)] = Array(row.value) }
        var changes = SnapshotChanges()
        let end = page.isLast ? KeyRange.end(ofPrefix: [Row.control]) : page.rows.last.map { Array($0.key) + [0] }
        var last = key
        while true {
            let range = KeyRange(from: Self.range(after: last).lower, to: end)
            let own = try await self.metadata.entries(range, in: .directory, limit: Self.rowsPerScan)
            var batch = MetadataBatch(partition: .directory)
            for entry in own {
                last = entry.key
                let value = wanted.removeValue(forKey: entry.key)
                if value != entry.value {
                    try await self.replace(entry.key, entry.value, by: value, in: &batch, &changes)
                }
            }
            guard try await self.commit(batch, sequence: sequence) else { return nil }
            if own.count < Self.rowsPerScan { break }
        }
        var batch = MetadataBatch(partition: .directory)
        for (key, value) in wanted { try await self.replace(key, nil, by: value, in: &batch, &changes) }
        return try await self.commit(batch, sequence: sequence) ? changes : nil
    }

    /// Ends the copying: from here the copy follows the log.
    ///
    /// - Returns: `false` where the copying has to begin again.
    package func endSnapshot(at new: UInt64, sequence: UInt64) async throws(S3Error) -> Bool {
        var batch = MetadataBatch(partition: .directory)
        batch.put(Row.sequence, Self.bytes(new))
        return try await self.commit(batch, sequence: sequence)
    }

    private func commit(_ batch: MetadataBatch, sequence: UInt64) async throws(S3Error) -> Bool {
        if batch.writes.isEmpty { return true }
        let current = try await self.metadata.value(Row.sequence, in: .directory)
        guard UInt64(bigEndianBytes: current ?? []) == sequence else { return false }
        var batch = batch
        batch.require(Row.sequence, is: current)
        return try await self.metadata.tryCommit(batch)
    }

    /// Of its own buckets a region knows everything before the log tells it.
    private func replace(
        _ key: [UInt8], _ old: [UInt8]?, by new: [UInt8]?, in batch: inout MetadataBatch,
        _ changes: inout SnapshotChanges
    ) async throws(S3Error) {
        if key.first == Row.control {
            changes.controlKeys.append(Array(key.dropFirst()))
        } else {
            var change = DirectoryChange()
            if let new {
                change.record = try decodeRecord(new)
            } else if let old {
                change.record = try decodeRecord(old)
                change.isRemoval = true
                if try await self.isAlive(change.record) { return }
            }
            guard try await self.isNews(change, to: old) else { return }
            changes.names.append(change.record.name)
        }
        batch.require(key, is: old)
        if let new { batch.put(key, new) } else { batch.delete(key) }
    }
}
