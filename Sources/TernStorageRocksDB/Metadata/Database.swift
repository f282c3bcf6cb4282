import CRocksDB
import Glibc
import TernStorage

/// An open RocksDB database: the calls of its C interface with Swift values. All of them may block, except those that
/// read with ``ReadTier/memory``.
///
/// It must not be used after ``close()``; ``DatabaseGate`` sees to that.
final class Database: Sendable {
    enum ReadTier {
        /// Memory only: answers `needsDisk` rather than wait.
        case memory
        case disk
    }

    enum ReadResult<Value> {
        case value(Value)
        /// The answer is not in memory.
        case needsDisk
    }

    let directory: String
    let isReadOnly: Bool
    /// Moments that are kept, and go when the database is closed.
    let snapshots: DatabaseSnapshots
    // RocksDB synchronizes all access to the database itself; the read and write options never change after `init`.
    nonisolated(unsafe) let database: OpaquePointer
    private nonisolated(unsafe) let memoryReads: OpaquePointer
    nonisolated(unsafe) let diskReads: OpaquePointer
    private nonisolated(unsafe) let syncedWrites: OpaquePointer

    /// Opens the database in a directory, which exists; makes it if the directory is empty.
    ///
    /// - Parameter isReadOnly: Opens what there is without writing a byte, for when the disk is full.
    init(
        directory: String,
        options: RocksDBOptions,
        recovery: LogRecovery,
        isReadOnly: Bool = false
    ) throws(StorageError) {
        guard
            let native = options.makeNative(recovery: recovery),
            let memoryReads = Self.makeReadOptions(.memory),
            let diskReads = Self.makeReadOptions(.disk),
            let syncedWrites = rocksdb_writeoptions_create()
        else { throw StorageError(.io, "no memory to open the database in \(directory)") }
        defer { rocksdb_options_destroy(native) }
        rocksdb_writeoptions_set_sync(syncedWrites, 1)

        var failure: UnsafeMutablePointer<CChar>?
        let database =
            isReadOnly
            ? rocksdb_open_for_read_only(native, directory, 0, &failure)
            : rocksdb_open(native, directory, &failure)
        guard let database, failure == nil else {
            rocksdb_readoptions_destroy(memoryReads)
            rocksdb_readoptions_destroy(diskReads)
            rocksdb_writeoptions_destroy(syncedWrites)
            guard let failure else { throw StorageError(.io, "could not open the database in \(directory)") }
            throw RocksDBStatus.error(failure, "could not open", directory: directory)
        }
        self.directory = directory
        self.isReadOnly = isReadOnly
        self.snapshots = DatabaseSnapshots(database)
        self.database = database
        self.memoryReads = memoryReads
        self.diskReads = diskReads
        self.syncedWrites = syncedWrites
    }

    deinit {
        rocksdb_readoptions_destroy(self.memoryReads)
        rocksdb_readoptions_destroy(self.diskReads)
        rocksdb_writeoptions_destroy(self.syncedWrites)
    }

    /// Waits for background work, and releases the directory. Call it once, when nobody uses the database any more.
    func close() {
        self.snapshots.releaseAll()
        rocksdb_close(self.database)
    }

    // MARK: Reading

    func get(
        _ key: [UInt8],
        in partition: PartitionID,
        from tier: ReadTier
    ) throws(StorageError) -> ReadResult<[UInt8]?> {
        try self.withValue(of: key, in: partition, from: tier) { bytes in bytes.map { [UInt8]($0) } }
    }

    /// Values of some of the keys, by their indices.
    struct ReadValues: Sendable {
        var values: [(index: Int, value: [UInt8]?)] = []
        /// The indices of those that are not in memory.
        var missing: [Int] = []
    }

    func get(
        _ keys: [[UInt8]],
        at indices: [Int],
        in partition: PartitionID,
        from tier: ReadTier
    ) throws(StorageError) -> ReadValues {
        var read = ReadValues()
        read.values.reserveCapacity(indices.count)
        for index in indices {
            switch try self.get(keys[index], in: partition, from: tier) {
            case .value(let value): read.values.append((index, value))
            case .needsDisk: read.missing.append(index)
            }
        }
        return read
    }

    /// Whether a key has a value; `nil` asks whether it is absent.
    func isEqual(_ key: [UInt8], in partition: PartitionID, to value: [UInt8]?) throws(StorageError) -> Bool {
        let result = try self.withValue(of: key, in: partition, from: .disk) { stored in
            switch (stored, value) {
            case (nil, nil): true
            case (let stored?, let value?): Self.areEqual(stored, value)
            default: false
            }
        }
        guard case .value(let isEqual) = result else { throw StorageError(.io, "a read from the disk was incomplete") }
        return isEqual
    }

    private static func areEqual(_ stored: UnsafeRawBufferPointer, _ value: [UInt8]) -> Bool {
        guard stored.count == value.count else { return false }
        guard let storedBytes = stored.baseAddress, !value.isEmpty else { return true }
        return value.withUnsafeBytes { value in
            guard let valueBytes = value.baseAddress else { return true }
            return memcmp(storedBytes, valueBytes, stored.count) == 0
        }
    }

    private func withValue<Value>(
        of key: [UInt8],
        in partition: PartitionID,
        from tier: ReadTier,
        _ body: (UnsafeRawBufferPointer?) -> Value
    ) throws(StorageError) -> ReadResult<Value> {
        var failure: UnsafeMutablePointer<CChar>?
        let stored = EncodedKey.with(partition, key) { bytes, count in
            rocksdb_get_pinned(self.database, self.options(tier), bytes, count, &failure)
        }
        defer { rocksdb_pinnableslice_destroy(stored) }
        if let failure {
            if tier == .memory, RocksDBStatus.isIncomplete(failure) {
                rocksdb_free(failure)
                return .needsDisk
            }
            throw RocksDBStatus.error(failure, "could not read", directory: self.directory)
        }
        guard let stored else { return .value(body(nil)) }
        var count = 0
        let bytes = rocksdb_pinnableslice_value(stored, &count)
        return .value(body(UnsafeRawBufferPointer(start: bytes, count: count)))
    }

    // MARK: Writing

    /// A number that RocksDB tells about the database; `nil` if it does not know it.
    func property(_ name: String) -> UInt64? {
        var value: UInt64 = 0
        return rocksdb_property_int(self.database, name, &value) == 0 ? value : nil
    }

    /// Applies the writes as one, and waits until the disk has them.
    func write(_ batch: OpaquePointer) throws(StorageError) {
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_write(self.database, self.syncedWrites, batch, &failure)
        if let failure { throw RocksDBStatus.error(failure, "could not write to", directory: self.directory) }
    }

    // MARK: Options

    /// Changes options of the open database, by RocksDB's names for them.
    func set(_ options: [(name: String, value: String)]) throws(StorageError) {
        let names = options.map { strdup($0.name) }
        let values = options.map { strdup($0.value) }
        defer { for text in names + values { free(text) } }
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_set_options(
            self.database, Int32(options.count), names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) },
            &failure)
        if let failure { throw RocksDBStatus.error(failure, "could not set options of", directory: self.directory) }
    }

    private func options(_ tier: ReadTier) -> OpaquePointer {
        switch tier {
        case .memory: self.memoryReads
        case .disk: self.diskReads
        }
    }

    /// `kBlockCacheTier`: memory only. The C interface has the number but no name for it.
    private static let blockCacheTier: Int32 = 1

    static func makeReadOptions(_ tier: ReadTier) -> OpaquePointer? {
        guard let options = rocksdb_readoptions_create() else { return nil }
        switch tier {
        case .memory:
            rocksdb_readoptions_set_read_tier(options, Self.blockCacheTier)
            // Over a heap of deleted keys even memory takes long; then an I/O thread shall do it.
            rocksdb_readoptions_set_max_skippable_internal_keys(options, 2_000)
        case .disk:
            break
        }
        return options
    }
}
