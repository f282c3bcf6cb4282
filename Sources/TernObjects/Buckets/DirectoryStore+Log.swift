import TernCore
package import TernRecords
package import TernS3Protocol
import TernStorage

/// What a following region is told of the log.
package enum DirectoryLog: Sendable {
    /// All behind what it has, or as much as fits into one answer.
    case changes([DirectoryChange])
    /// The log does not go back so far: it takes a copy of the rows (``DirectoryStore/snapshotPage(after:)``).
    case isShorter
}

/// What is kept of the log.
package struct DirectoryLogLimits: Sendable {
    package var changes: Int
    package var bytes: Int

    package init(changes: Int = 10_000, bytes: Int = 64 << 20) {
        self.changes = changes
        self.bytes = bytes
    }
}

extension DirectoryStore {
    /// Changes behind `sequence`, if the log still has every one of them. Home region only.
    package func log(after sequence: UInt64, limit: Int) async throws(S3Error) -> DirectoryLog {
        // What is there now is found below, unless it is taken away in between.
        let last = try await self.lastSequence()
        let changes = try await self.changes(after: sequence, limit: limit)
        if let first = changes.first { return first.sequence == sequence + 1 ? .changes(changes) : .isShorter }
        return sequence < last ? .isShorter : .changes([])
    }

    private static let rowsPerScan = 256
    private static let rowsPerRemoval = 1000

    /// Takes the oldest changes out of the log, down to the limits; the newest always stays.
    ///
    /// - Returns: How many were taken out.
    @discardableResult
    package func shortenLog(to limits: DirectoryLogLimits = DirectoryLogLimits()) async throws(S3Error) -> Int {
        var sizes: [(key: [UInt8], bytes: Int)] = []
        while true {
            let start = sizes.last.map { $0.key + [0] } ?? [Row.change]
            let range = KeyRange(from: start, to: KeyRange.end(ofPrefix: [Row.change]))
            let page = try await self.metadata.entries(range, in: .directory, limit: Self.rowsPerScan)
            sizes += page.map { ($0.key, $0.value.count) }
            if page.count < Self.rowsPerScan { break }
        }
        var kept = 0
        var bytes = 0
        for change in sizes.reversed() {
            bytes += change.bytes
            if kept > 0, kept >= limits.changes || bytes > limits.bytes { break }
            kept += 1
        }
        let old = sizes.dropLast(kept)
        var rest = old
        while !rest.isEmpty {
            // The oldest first, so that what is left has no gap.
            var batch = MetadataBatch(partition: .directory)
            for change in rest.prefix(Self.rowsPerRemoval) { batch.delete(change.key) }
            _ = try await self.metadata.tryCommit(batch)
            rest = rest.dropFirst(Self.rowsPerRemoval)
        }
        return old.count
    }
}
