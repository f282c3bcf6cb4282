import FoundationEssentials
import TernBatch
import TernCore
import TernObjects
import TernRecords
import TernS3Protocol
import TernStorage

/// The rows of a job's partition: its tasks that wait, those that are done, and how many they are.
///
/// Tasks move from one row to the other in one commit with their counts, so that each has one result in the report,
/// whatever happens in between (spec rules BR-TH-2, BR-RS-1).
struct JobRows: Sendable {
    let metadata: any MetadataStore
    let partition: PartitionID

    /// Tasks of one row.
    static let tasksPerRow = 1000

    private static let progressKey: [UInt8] = [UInt8(ascii: "P")]
    private static let tasksTable = UInt8(ascii: "M")
    private static let resultsTable = UInt8(ascii: "R")
    private static let rowsPerRemoval = 64

    private static func key(_ table: UInt8, _ number: UInt64) -> [UInt8] {
        var key = [table]
        key.append(bigEndian: number)
        return key
    }

    /// A row of tasks that wait.
    struct Chunk: Sendable {
        var key: [UInt8]
        var value: [UInt8]
        var tasks: [BatchTask]

        /// The first row behind it.
        var next: [UInt8] { self.key + [0] }
    }

    /// Removes everything, before a preparation begins anew.
    func clear() async throws(S3Error) {
        for table in [Self.tasksTable, Self.resultsTable, UInt8(ascii: "P")] {
            let range = KeyRange(prefix: [table])
            while true {
                let entries = try await self.metadata.entries(range, in: self.partition, limit: Self.rowsPerRemoval)
                if entries.isEmpty { break }
                var batch = MetadataBatch(partition: self.partition)
                for entry in entries { batch.delete(entry.key) }
                guard try await self.metadata.tryCommit(batch) else { throw .operationAborted }
            }
        }
    }

    func progress() async throws(S3Error) -> JobProgressRecord {
        guard let value = try await self.metadata.value(Self.progressKey, in: self.partition) else {
            return JobProgressRecord()
        }
        return try decodeRecord(value)
    }

    /// Adds a row of tasks, and notes the progress of the preparation.
    func append(_ tasks: [BatchTask], number: UInt64, progress: JobProgressRecord) async throws(S3Error) {
        var batch = MetadataBatch(partition: self.partition)
        if !tasks.isEmpty {
            var record = JobTasksRecord()
            record.tasks = tasks.map { JobTaskRecord($0) }
            batch.put(Self.key(Self.tasksTable, number), try encodeRecord(record))
        }
        batch.put(Self.progressKey, try encodeRecord(progress))
        guard try await self.metadata.tryCommit(batch) else { throw .operationAborted }
    }

    /// The next row of tasks that wait; `nil` behind the last.
    func nextChunk(from key: [UInt8]?) async throws(S3Error) -> Chunk? {
        var range = KeyRange(prefix: [Self.tasksTable])
        if let key { range.lower = key }
        guard let entry = try await self.metadata.entries(range, in: self.partition, limit: 1).first else { return nil }
        let record: JobTasksRecord = try decodeRecord(entry.value)
        return Chunk(key: entry.key, value: entry.value, tasks: record.tasks.map(\.task))
    }

    /// Moves tasks to the results. What is left of the row stays.
    func finish(
        _ chunk: Chunk, done: [(BatchTask, BatchTaskResult)], left: [BatchTask], progress: JobProgressRecord
    ) async throws(S3Error) {
        var batch = MetadataBatch(partition: self.partition)
        batch.require(chunk.key, is: chunk.value)
        if left.isEmpty {
            batch.delete(chunk.key)
        } else {
            var record = JobTasksRecord()
            record.tasks = left.map { JobTaskRecord($0) }
            batch.put(chunk.key, try encodeRecord(record))
        }
        var results = JobResultsRecord()
        results.results = done.map { JobResultRecord($0.0, $0.1) }
        batch.put(Self.key(Self.resultsTable, progress.nextResults - 1), try encodeRecord(results))
        batch.put(Self.progressKey, try encodeRecord(progress))
        guard try await self.metadata.tryCommit(batch) else { throw .operationAborted }
    }

    /// Results behind a row, with the row that they end with; `nil` behind the last.
    func results(
        after key: [UInt8]?
    ) async throws(S3Error) -> (last: [UInt8], results: [(BatchTask, BatchTaskResult)])? {
        var range = KeyRange(prefix: [Self.resultsTable])
        if let key { range.lower = key + [0] }
        guard let entry = try await self.metadata.entries(range, in: self.partition, limit: 1).first else { return nil }
        let record: JobResultsRecord = try decodeRecord(entry.value)
        return (entry.key, record.results.map { ($0.task.task, $0.result) })
    }
}

extension JobTaskRecord {
    init(_ task: BatchTask) {
        self.init()
        self.key = .init(task.encodedKey)
        if let version = task.versionID {
            self.version = version
            self.hasVersion_p = true
        }
    }

    var task: BatchTask {
        BatchTask(encodedKey: Array(self.key), versionID: self.hasVersion_p ? self.version : nil)
    }
}

extension JobResultRecord {
    init(_ task: BatchTask, _ result: BatchTaskResult) {
        self.init()
        self.task = JobTaskRecord(task)
        self.isSuccess = result.isSuccess
        self.httpStatus = UInt32(clamping: result.httpStatus)
        self.errorCode = result.errorCode
        self.message = result.message
    }

    var result: BatchTaskResult {
        BatchTaskResult(
            isSuccess: self.isSuccess, httpStatus: Int(self.httpStatus), errorCode: self.errorCode,
            message: self.message)
    }
}
