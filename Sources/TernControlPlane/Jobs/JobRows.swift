import SwiftProtobuf
import TernCore
import TernRecords
import TernStorage

/// The rows of jobs, in this region's directory partition.
struct JobRows: Sendable {
    private enum Row {
        /// `B` account NUL job ID: a ``JobRecord``.
        static let job = UInt8(ascii: "B")
        /// `b` account NUL token: the ID of the job that CreateJob made for it.
        static let token = UInt8(ascii: "b")

        static func job(_ id: String, of account: AccountID) -> [UInt8] {
            [self.job] + Array(account.description.utf8) + [0] + Array(id.utf8)
        }

        static func token(_ token: String, of account: AccountID) -> [UInt8] {
            [self.token] + Array(account.description.utf8) + [0] + Array(token.utf8)
        }
    }

    /// A record with the bytes that it was read from: what a change requires to be there still.
    struct Stored {
        var bytes: [UInt8]
        var record: JobRecord
    }

    private static let pageRows = 1000

    private let metadata: any MetadataStore

    init(metadata: any MetadataStore) {
        self.metadata = metadata
    }

    // MARK: Reading

    func all() async throws(JobStoreError) -> [JobRecord] {
        var range = KeyRange(prefix: [Row.job])
        var records: [JobRecord] = []
        while true {
            let page = try await self.scan(range, in: .directory)
            for entry in page { records.append(try Self.decode(entry.value)) }
            guard page.count == Self.pageRows, let last = page.last else { return records }
            range.lower = last.key + [0]
        }
    }

    func find(_ id: String, of account: AccountID) async throws(JobStoreError) -> Stored? {
        guard let bytes = try await self.value(of: Row.job(id, of: account), in: .directory) else { return nil }
        return Stored(bytes: bytes, record: try Self.decode(bytes))
    }

    /// The ID of the job that a token has made.
    func id(ofToken token: String, of account: AccountID) async throws(JobStoreError) -> String? {
        try await self.value(of: Row.token(token, of: account), in: .directory).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// How far a job's tasks are; `nil` before its first task.
    func progress(of partition: PartitionID) async throws(JobStoreError) -> JobProgressRecord? {
        guard let bytes = try await self.value(of: JobPartition.progressKey, in: partition) else { return nil }
        return try Self.decode(bytes)
    }

    private func value(of key: [UInt8], in partition: PartitionID) async throws(JobStoreError) -> [UInt8]? {
        do throws(StorageError) {
            return try await self.metadata.get(key, in: partition)
        } catch {
            throw .storage("\(error)")
        }
    }

    private func scan(_ range: KeyRange, in partition: PartitionID) async throws(JobStoreError) -> [KeyValue] {
        do throws(StorageError) {
            return try await self.metadata.scan(range, in: partition, limit: Self.pageRows)
        } catch {
            throw .storage("\(error)")
        }
    }

    private static func decode<Record: SwiftProtobuf.Message>(_ bytes: [UInt8]) throws(JobStoreError) -> Record {
        do {
            return try Record(serializedBytes: bytes)
        } catch {
            throw .damaged("\(Record.protoMessageName): \(error)")
        }
    }

    private static func encode(_ record: JobRecord) throws(JobStoreError) -> [UInt8] {
        do {
            return try record.serializedBytes()
        } catch {
            throw .damaged("\(error)")
        }
    }

    // MARK: Writing

    /// Adds a job with its token.
    ///
    /// - Returns: Whether it was added; `false` where the token or the ID is taken.
    func add(
        _ record: JobRecord, of account: AccountID, token: String, and rows: [KeyValue]
    ) async throws(JobStoreError) -> Bool {
        let key = Row.job(record.id, of: account)
        let bytes = try Self.encode(record)
        var batch = MetadataBatch(partition: .directory)
        batch.require(key, is: nil)
        batch.require(Row.token(token, of: account), is: nil)
        batch.put(key, bytes)
        batch.put(Row.token(token, of: account), Array(record.id.utf8))
        for row in rows { batch.put(row.key, row.value) }
        return try await self.commit(batch, putting: bytes, at: key)
    }

    /// - Returns: Whether it was replaced; `false` where it has changed meanwhile.
    func replace(
        _ old: Stored, by record: JobRecord, of account: AccountID, and rows: [KeyValue]
    ) async throws(JobStoreError) -> Bool {
        let key = Row.job(record.id, of: account)
        let bytes = try Self.encode(record)
        var batch = MetadataBatch(partition: .directory)
        batch.require(key, is: old.bytes)
        batch.put(key, bytes)
        for row in rows { batch.put(row.key, row.value) }
        return try await self.commit(batch, putting: bytes, at: key)
    }

    /// Removes a job with its token: first what its own partition has, so that nothing is left of which nobody knows.
    ///
    /// - Returns: Whether it was removed; `false` where it has changed meanwhile.
    func remove(_ old: Stored, of account: AccountID, token: String) async throws(JobStoreError) -> Bool {
        try await self.clear(PartitionID(kind: .job, id: old.record.number))
        let key = Row.job(old.record.id, of: account)
        var batch = MetadataBatch(partition: .directory)
        batch.require(key, is: old.bytes)
        batch.delete(key)
        batch.delete(Row.token(token, of: account))
        return try await self.commit(batch, putting: nil, at: key)
    }

    private func clear(_ partition: PartitionID) async throws(JobStoreError) {
        while true {
            let page = try await self.scan(KeyRange(from: [0], to: nil), in: partition)
            guard let first = page.first else { return }
            var batch = MetadataBatch(partition: partition)
            for entry in page { batch.delete(entry.key) }
            _ = try await self.commit(batch, putting: nil, at: first.key)
        }
    }

    /// Commits. After an error the outcome is not known before the row is read again.
    ///
    /// - Returns: `false` where a precondition did not hold.
    private func commit(
        _ batch: MetadataBatch, putting value: [UInt8]?, at key: [UInt8]
    ) async throws(JobStoreError) -> Bool {
        let failure: StorageError
        do throws(StorageError) {
            try await self.metadata.commit(batch)
            return true
        } catch {
            if error.code == .conflict { return false }
            failure = error
        }
        if try await self.value(of: key, in: batch.partition) == value { return true }
        throw .storage("\(failure)")
    }
}

/// The rows of a job's own partition that others than its runner look at.
package enum JobPartition {
    /// `P`: a ``JobProgressRecord``.
    package static let progressKey = [UInt8(ascii: "P")]
}
