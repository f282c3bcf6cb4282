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
    // RocksDB synchronizes all access to the database itself; the read and write options never change after `init`.
    private nonisolated(unsafe) let database: OpaquePointer
    private nonisolated(unsafe) let memoryReads: OpaquePointer
    private nonisolated(unsafe) let diskReads: OpaquePointer
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

    /// Several ranges as of one moment.
    func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int,
        from tier: ReadTier
    ) throws(StorageError) -> ReadResult<[[KeyValue]]> {
        let snapshot = rocksdb_create_snapshot(self.database)
        defer { rocksdb_release_snapshot(self.database, snapshot) }
        var found: [[KeyValue]] = []
        for range in ranges {
            if let upper = range.upper, !KeyOrder.precedes(range.lower, upper) {
                found.append([])
                continue
            }
            switch try self.scan(range, in: partition, limit: limit, from: tier, snapshot: snapshot) {
            case .value(let entries): found.append(entries)
            case .needsDisk: return .needsDisk
            }
        }
        return .value(found)
    }

    func scan(
        _ range: KeyRange,
        in partition: PartitionID,
        limit: Int,
        from tier: ReadTier,
        snapshot: OpaquePointer? = nil
    ) throws(StorageError) -> ReadResult<[KeyValue]> {
        let prefix = partition.prefix
        // Kept alive until the iterator is gone: RocksDB refers to the bound and does not copy it.
        let upper = range.upper.map { prefix + $0 } ?? KeyRange.end(ofPrefix: prefix) ?? []
        return try upper.withUnsafeBufferPointer { upper throws(StorageError) in
            guard let options = Self.makeReadOptions(tier) else { throw StorageError(.io, "no memory for a scan") }
            defer { rocksdb_readoptions_destroy(options) }
            if let snapshot { rocksdb_readoptions_set_snapshot(options, snapshot) }
            let bound = UnsafeRawPointer(upper.baseAddress)?.assumingMemoryBound(to: CChar.self)
            rocksdb_readoptions_set_iterate_upper_bound(options, bound, upper.count)
            guard let iterator = rocksdb_create_iterator(self.database, options) else {
                throw StorageError(.io, "no memory for a scan")
            }
            defer { rocksdb_iter_destroy(iterator) }
            EncodedKey.with(partition, range.lower) { bytes, count in rocksdb_iter_seek(iterator, bytes, count) }
            let entries = Self.collect(from: iterator, limit: limit)
            return try self.checked(iterator, tier, entries)
        }
    }

    /// The partitions of a kind: seeks from each to the next, and so reads one key of each.
    func partitions(of kind: PartitionID.Kind) throws(StorageError) -> [PartitionID] {
        guard let iterator = rocksdb_create_iterator(self.database, self.diskReads) else {
            throw StorageError(.io, "no memory for a scan")
        }
        defer { rocksdb_iter_destroy(iterator) }
        var partitions: [PartitionID] = []
        var target: [UInt8]? = [kind.rawValue]
        while let start = target {
            start.withUnsafeBytes { bytes in
                rocksdb_iter_seek(iterator, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
            guard rocksdb_iter_valid(iterator) != 0 else { break }
            guard let partition = PartitionID(prefix: Self.key(at: iterator)), partition.kind == kind else { break }
            partitions.append(partition)
            target = KeyRange.end(ofPrefix: partition.prefix)
        }
        guard case .value(let found) = try self.checked(iterator, .disk, partitions) else {
            throw StorageError(.io, "a read from the disk was incomplete")
        }
        return found
    }

    /// Passes `found` on if the iterator stopped because it had reached its end, and not because a read failed.
    private func checked<Found>(
        _ iterator: OpaquePointer,
        _ tier: ReadTier,
        _ found: Found
    ) throws(StorageError) -> ReadResult<Found> {
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(iterator, &failure)
        guard let failure else { return .value(found) }
        if tier == .memory, RocksDBStatus.isIncomplete(failure) {
            rocksdb_free(failure)
            return .needsDisk
        }
        throw RocksDBStatus.error(failure, "could not read", directory: self.directory)
    }

    private static func collect(from iterator: OpaquePointer, limit: Int) -> [KeyValue] {
        var entries: [KeyValue] = []
        while entries.count < limit, rocksdb_iter_valid(iterator) != 0 {
            let key = self.key(at: iterator).dropFirst(PartitionID.prefixByteCount)
            var valueByteCount = 0
            let value = rocksdb_iter_value(iterator, &valueByteCount)
            let valueBytes = UnsafeRawBufferPointer(start: value, count: valueByteCount)
            entries.append(KeyValue(key: [UInt8](UnsafeRawBufferPointer(rebasing: key)), value: [UInt8](valueBytes)))
            rocksdb_iter_next(iterator)
        }
        return entries
    }

    private static func key(at iterator: OpaquePointer) -> UnsafeRawBufferPointer {
        var count = 0
        let bytes = rocksdb_iter_key(iterator, &count)
        return UnsafeRawBufferPointer(start: bytes, count: count)
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

    private func options(_ tier: ReadTier) -> OpaquePointer {
        switch tier {
        case .memory: self.memoryReads
        case .disk: self.diskReads
        }
    }

    /// `kBlockCacheTier`: memory only. The C interface has the number but no name for it.
    private static let blockCacheTier: Int32 = 1

    private static func makeReadOptions(_ tier: ReadTier) -> OpaquePointer? {
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
