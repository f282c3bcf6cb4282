import TernStorage

/// A snapshot of RocksDB: a number, before which compaction keeps what was replaced.
final class RocksDBView: MetadataView {
    private let reader: DatabaseReader
    private let partition: PartitionID
    /// The opened database whose moment it is. One that is opened again in its place knows nothing of it.
    private let database: Database
    private let moment: DatabaseSnapshots.ID

    static func open(_ partition: PartitionID, with reader: DatabaseReader) async throws(StorageError) -> RocksDBView {
        try await reader.blocking { database throws(StorageError) in
            guard let moment = database.snapshots.take() else { throw StorageError(.io, "no memory for a view") }
            return RocksDBView(partition, reader: reader, database: database, moment: moment)
        }
    }

    private init(
        _ partition: PartitionID, reader: DatabaseReader, database: Database, moment: DatabaseSnapshots.ID
    ) {
        self.reader = reader
        self.partition = partition
        self.database = database
        self.moment = moment
    }

    deinit { self.close() }

    func scan(_ ranges: [KeyRange], limit: Int) async throws(StorageError) -> [[KeyValue]] {
        let (database, moment, partition) = (self.database, self.moment, self.partition)
        return try await self.reader.read { current, tier throws(StorageError) in
            guard current === database else {
                throw StorageError(.viewGone, "the database was opened again since the view was opened")
            }
            return try current.scan(ranges, in: partition, limit: limit, from: tier, at: moment)
        }
    }

    func close() {
        // A database that is being closed or replaced, or was, lets all its moments go itself.
        _ = try? self.reader.gate.tryRead { current in
            if current === self.database { current.snapshots.release(self.moment) }
        }
    }
}
