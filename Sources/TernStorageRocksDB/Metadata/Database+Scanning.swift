import CRocksDB
import TernStorage

extension Database {
    /// Several ranges as of one moment.
    func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int,
        from tier: ReadTier
    ) throws(StorageError) -> ReadResult<[[KeyValue]]> {
        guard let snapshot = rocksdb_create_snapshot(self.database) else {
            throw StorageError(.io, "no memory for a scan")
        }
        defer { rocksdb_release_snapshot(self.database, snapshot) }
        return try self.scan(ranges, in: partition, limit: limit, from: tier, snapshot: snapshot)
    }

    /// Several ranges as of a moment that was kept.
    ///
    /// - Throws: ``StorageError/Code/viewGone`` when it was released.
    func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int,
        from tier: ReadTier,
        at moment: DatabaseSnapshots.ID
    ) throws(StorageError) -> ReadResult<[[KeyValue]]> {
        let result = try self.snapshots.read(at: moment) { snapshot throws(StorageError) in
            try self.scan(ranges, in: partition, limit: limit, from: tier, snapshot: snapshot)
        }
        guard let result else { throw StorageError(.viewGone, "the view was closed") }
        return result
    }

    private func scan(
        _ ranges: [KeyRange],
        in partition: PartitionID,
        limit: Int,
        from tier: ReadTier,
        snapshot: OpaquePointer
    ) throws(StorageError) -> ReadResult<[[KeyValue]]> {
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
}
