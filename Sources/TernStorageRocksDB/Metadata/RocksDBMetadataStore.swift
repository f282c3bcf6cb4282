package import Logging
package import TernStorage

/// The embedded ``MetadataStore``: one RocksDB database, with the partitions side by side in its key space.
///
/// Reads are answered on the caller's thread when memory has the answer, which takes microseconds; otherwise on an I/O
/// thread. Commits are made by one ``CommitLoop``.
package final class RocksDBMetadataStore: MetadataStore {
    private let gate: DatabaseGate
    private let queue: CommitQueue
    private let pool: IOPool
    private let readsInPlace: Bool
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
        self.gate = DatabaseGate(database)
        self.queue = CommitQueue()
        self.pool = pool
        self.readsInPlace = opener.options.readsInPlace
        CommitLoop(
            queue: self.queue, gate: self.gate, opener: opener, statistics: self.statistics, logger: logger
        ).start(database)
    }

    deinit {
        self.queue.requestClose()
    }

    package func get(_ key: [UInt8], in partition: PartitionID) async throws(StorageError) -> [UInt8]? {
        try await self.read { database, tier throws(StorageError) in
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
        if self.readsInPlace, keys.count <= Self.keysReadInPlace {
            let read = try self.gate.tryRead { database throws(StorageError) in
                try database.get(keys, at: missing, in: partition, from: .memory)
            }
            if let read {
                for (index, value) in read.values { values[index] = value }
                missing = read.missing
            }
        }
        if missing.isEmpty { return values }
        let gate = self.gate
        let wanted = missing
        let read = try await self.pool.run { () throws(StorageError) in
            try gate.read { database throws(StorageError) in
                try database.get(keys, at: wanted, in: partition, from: .disk)
            }
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
        return try await self.read { database, tier throws(StorageError) in
            try database.scan(range, in: partition, limit: limit, from: tier)
        }
    }

    package func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int
    ) async throws(StorageError) -> [[KeyValue]] {
        try await self.read { database, tier throws(StorageError) in
            try database.scan(ranges, in: partition, limit: limit, from: tier)
        }
    }

    package func commit(_ batch: MetadataBatch) async throws(StorageError) {
        try batch.checkSizes()
        try await self.queue.submit(batch)
    }

    package func partitions(of kind: PartitionID.Kind) async throws(StorageError) -> [PartitionID] {
        let gate = self.gate
        return try await self.pool.run { () throws(StorageError) in
            try gate.read { database throws(StorageError) in try database.partitions(of: kind) }
        }
    }

    /// How large the database is and what it keeps in memory, by the names of RocksDB's properties; what it does not
    /// tell is left out.
    package func properties(_ names: [String]) async throws(StorageError) -> [String: UInt64] {
        let gate = self.gate
        return try await self.pool.run { () throws(StorageError) in
            try gate.read { database throws(StorageError) in
                Dictionary(
                    uniqueKeysWithValues: names.compactMap { name in database.property(name).map { (name, $0) } })
            }
        }
    }

    package func close() async {
        await self.queue.close()
    }

    /// Reads from memory here, or from the disk on an I/O thread.
    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database, Database.ReadTier) throws(StorageError) -> Database.ReadResult<Value>
    ) async throws(StorageError) -> Value {
        let gate = self.gate
        if self.readsInPlace {
            let result = try gate.tryRead { database throws(StorageError) in try body(database, .memory) }
            if case .value(let value)? = result { return value }
        }
        return try await self.pool.run { () throws(StorageError) in
            let result = try gate.read { database throws(StorageError) in try body(database, .disk) }
            guard case .value(let value) = result else {
                throw StorageError(.io, "a read from the disk was incomplete")
            }
            return value
        }
    }
}
