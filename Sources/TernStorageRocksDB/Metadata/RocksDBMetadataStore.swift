package import Logging
package import TernStorage

/// The embedded ``MetadataStore``: one RocksDB database, with the partitions side by side in its key space.
///
/// Reads are answered on the caller's thread when memory has the answer, which takes microseconds; otherwise on an I/O
/// thread. Commits are made by one ``CommitLoop``.
package final class RocksDBMetadataStore: MetadataStore {
    private let reader: DatabaseReader
    private let queue: CommitQueue
    /// What was committed since the store was opened.
    package let statistics = CommitStatistics()

    /// Opens the database of a directory; makes both if they do not exist.
    ///
    /// - Throws: ``StorageError/Code/locked`` when another process has it open, ``StorageError/Code/damaged`` when files
    ///   are not what was written, ``StorageError/Code/permissionDenied``, ``StorageError/Code/noSpace`` or
    ///   ``StorageError/Code/io``. The message names the directory and what to do.
    package static func open(
        directory: String,
        logger: Logger,
        options: RocksDBOptions = RocksDBOptions()
    ) async throws(StorageError) -> RocksDBMetadataStore {
        AllocationArenas.share()
        let pool = IOPool(threadCount: options.ioThreadCount)
        let opener = DatabaseOpener(directory: directory, options: options, logger: logger)
        let database = try await pool.run { () throws(StorageError) in
            try FileSystem.makeDirectories(directory)
            return try opener.open()
        }
        return RocksDBMetadataStore(database, opener: opener, pool: pool, logger: logger)
    }

    private init(_ database: Database, opener: DatabaseOpener, pool: IOPool, logger: Logger) {
        let gate = DatabaseGate(database)
        self.reader = DatabaseReader(gate: gate, pool: pool, readsInPlace: opener.options.readsInPlace)
        self.queue = CommitQueue()
        CommitLoop(
            queue: self.queue, gate: gate, opener: opener, statistics: self.statistics, logger: logger
        ).start(database)
    }

    deinit {
        self.queue.requestClose()
    }

    package func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        try await self.reader.read { database, tier throws(StorageError) in
            try database.get(key, in: partition, from: tier)
        }
    }

    /// More keys than this are read by an I/O thread, whether they are in memory or not.
    private static let keysReadInPlace = 8

    /// Few keys are read here as far as they are in memory; for many, some are likely not to be, and one turn of an I/O
    /// thread costs less than to look for each twice.
    package func get(_ keys: [[UInt8]], in partition: PartitionID) async throws(StorageError) -> [[UInt8]?] {
        var values = [[UInt8]?](repeating: nil, count: keys.count)
        var missing = Array(keys.indices)
        if self.reader.readsInPlace, keys.count <= Self.keysReadInPlace {
            let read = try self.reader.gate.tryRead { database throws(StorageError) in
                try database.get(keys, at: missing, in: partition, from: .memory)
            }
            if let read {
                for (index, value) in read.values { values[index] = value }
                missing = read.missing
            }
        }
        if missing.isEmpty { return values }
        let wanted = missing
        let read = try await self.reader.blocking { database throws(StorageError) in
            try database.get(keys, at: wanted, in: partition, from: .disk)
        }
        guard read.missing.isEmpty else { throw StorageError(.io, "a read from the disk was incomplete") }
        for (index, value) in read.values { values[index] = value }
        return values
    }

    package func scan(
        _ range: KeyRange,
        in partition: PartitionID,
        limit: Int
    ) async throws(StorageError) -> [KeyValue] {
        if let upper = range.upper, !KeyOrder.precedes(range.lower, upper) { return [] }
        return try await self.reader.read { database, tier throws(StorageError) in
            try database.scan(range, in: partition, limit: limit, from: tier)
        }
    }

    package func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int
    ) async throws(StorageError) -> [[KeyValue]] {
        try await self.reader.read { database, tier throws(StorageError) in
            try database.scan(ranges, in: partition, limit: limit, from: tier)
        }
    }

    package func view(of partition: PartitionID) async throws(StorageError) -> any MetadataView {
        try await RocksDBView.open(partition, with: self.reader)
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        try batch.checkSizes()
        try await self.queue.submit(batch)
    }

    package func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        try await self.reader.blocking { database throws(StorageError) in try database.partitions(of: kind) }
    }

    /// How large the database is and what it keeps in memory, by the names of RocksDB's properties; what it does not
    /// tell is left out.
    package func properties(_ names: [String]) async throws(StorageError) -> [String: UInt64] {
        try await self.reader.blocking { database throws(StorageError) in
            Dictionary(uniqueKeysWithValues: names.compactMap { name in database.property(name).map { (name, $0) } })
        }
    }

    package func close() async {
        await self.queue.close()
    }
}
