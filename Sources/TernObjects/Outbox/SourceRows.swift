import TernCore
import TernRecords
package import TernS3Protocol
import TernStorage

/// Rows of a task's source, read ahead together with those of others.
package struct SourceRows: Sendable {
    /// The head of the key; of the task's version, if that is the current one.
    package var head: [UInt8]?
    /// The body, if it is a small one in a row.
    package var body: [UInt8]?

    package init() {}
}

extension ObjectService {
    /// Reads what the deliveries of small objects need in most cases, at once: a backlog is not in memory any more, and
    /// to wait for each row of it would take longer than to send them all.
    package func sourceRows(of tasks: [StoredTask], in bucket: BucketState) async throws(S3Error) -> [SourceRows] {
        var keys: [[UInt8]] = []
        keys.reserveCapacity(tasks.count * 2)
        for task in tasks {
            keys.append(Keyspace.head(ObjectKey(trusted: Array(task.record.key))))
            if task.hasInlineBody(upTo: self.options.inlineThresholdBytes) {
                keys.append(Keyspace.body(task.record.version.versionID.newestFirstBytes))
            }
        }
        var values = try await self.metadata.values(keys, in: bucket.partition).makeIterator()
        return tasks.map { task in
            var rows = SourceRows()
            rows.head = values.next() ?? nil
            if task.hasInlineBody(upTo: self.options.inlineThresholdBytes) { rows.body = values.next() ?? nil }
            return rows
        }
    }
}

extension StoredTask {
    /// Whether the version's body is likely to be in a row of its own.
    fileprivate func hasInlineBody(upTo threshold: Int) -> Bool {
        self.record.kind == .object && self.record.byteCount > 0 && self.record.byteCount <= Int64(threshold)
    }
}
