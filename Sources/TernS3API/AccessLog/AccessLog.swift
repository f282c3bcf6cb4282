import Synchronization
package import TernCore
package import TernS3Protocol

/// Records of requests that wait for delivery, in memory and bounded: best effort, as S3's own logs are. A request never
/// waits for it; when it is full, records are dropped and counted.
package final class AccessLog: Sendable {
    /// Where a record goes: all of one batch come into one log object.
    package struct Destination: Hashable, Sendable {
        package var bucket: String
        package var owner: AccountID
        package var logging: LoggingConfiguration
        /// The day of the events in days since 1970; 0 where keys are not partitioned by it.
        package var day: Int64
    }

    package struct Batch: Sendable {
        package var destination: Destination
        package var lines: [UInt8]
    }

    private struct State {
        var lines: [Destination: [UInt8]] = [:]
        var byteCount = 0
        var droppedCount = 0
    }

    private let maximumByteCount: Int
    private let state = Mutex(State())

    package init(maximumByteCount: Int = 8 << 20) {
        self.maximumByteCount = maximumByteCount
    }

    package func append(_ record: AccessLogRecord, owner: AccountID, logging: LoggingConfiguration) {
        var day: Int64 = 0
        if case .partitionedPrefix(byEventTime: true) = logging.keyFormat { day = record.time.seconds / 86400 }
        let destination = Destination(bucket: record.bucket, owner: owner, logging: logging, day: day)
        self.append(Array(record.line.utf8), to: destination)
    }

    /// Puts a batch back that could not be delivered now.
    package func restore(_ batch: Batch) {
        self.append(batch.lines, to: batch.destination)
    }

    private func append(_ line: [UInt8], to destination: Destination) {
        self.state.withLock { state in
            guard state.byteCount + line.count <= self.maximumByteCount else {
                state.droppedCount += 1
                return
            }
            state.byteCount += line.count
            state.lines[destination, default: []].append(contentsOf: line)
        }
    }

    /// All that waits, and how many records were dropped since the last call.
    package func take() -> (batches: [Batch], droppedCount: Int) {
        let taken = self.state.withLock { state in
            let taken = state
            state = State()
            return taken
        }
        return (taken.lines.map { Batch(destination: $0.key, lines: $0.value) }, taken.droppedCount)
    }
}
