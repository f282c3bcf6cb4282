import CRocksDB

/// The sizes of a ``RocksDBMetadataStore``.
package struct RocksDBOptions: Sendable {
    /// Bytes of blocks and small values kept in memory. Too small: reads go to the disk. Too large: the process does.
    package var cacheByteCount = 64 << 20
    /// Bytes of new data in memory before it is written out as a sorted file; three of these may exist at a time.
    package var writeBufferByteCount = 16 << 20
    /// Values from this size on are kept beside the sorted files, so that compaction need not move them.
    package var separateValueByteCountMin = 1_024
    /// How often the garbage of such values is looked at. Too rarely: space comes back late.
    package var garbageCheckInterval = Duration.seconds(2)
    /// Files open at a time.
    package var openFileCountMax = 512
    /// Answers reads from memory on the caller's thread where possible; off, every read is done on an I/O thread.
    package var readsInPlace = true
    /// Threads for reads that have to go to the disk.
    package var ioThreadCount = 8
    /// How many commits are worth a moment of waiting right now, since fewer and larger groups take less processor time; 0
    /// where each is written as soon as it can be. See ``CommitPace``.
    package var commitsToGather: @Sendable () -> Int = { 0 }
    /// After a write failed, the first attempt to open the database again; later ones come ever more rarely.
    package var reopeningDelayMin = Duration.seconds(1)

    package init() {}
}

/// What to do with a write-ahead log that does not end cleanly.
enum LogRecovery {
    /// Refuse to open. The default, because the log holds acknowledged commits.
    case refuseDamage
    /// Open with everything up to the damaged place; only after ``WriteAheadLogs`` found that nothing follows it.
    case dropTornTail

    var mode: Int32 {
        switch self {
        case .refuseDamage: Int32(rocksdb_absolute_consistency_recovery)
        case .dropTornTail: Int32(rocksdb_point_in_time_recovery)
        }
    }
}

extension RocksDBOptions {
    /// The options as RocksDB wants them; the caller destroys them.
    func makeNative(recovery: LogRecovery) -> OpaquePointer? {
        guard let options = rocksdb_options_create() else { return nil }
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_wal_recovery_mode(options, recovery.mode)
        // The size of the log only grows inside space that was reserved for it, so fdatasync is all that it takes.
        rocksdb_options_set_use_fsync(options, 0)
        rocksdb_options_set_max_total_wal_size(options, UInt64(self.writeBufferByteCount) * 4)

        rocksdb_options_set_write_buffer_size(options, self.writeBufferByteCount)
        rocksdb_options_set_max_write_buffer_number(options, 3)
        rocksdb_options_set_db_write_buffer_size(options, self.writeBufferByteCount * 3)
        // "Absent" is the most frequent precondition, and a filter answers it without a search.
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.02)
        rocksdb_options_set_memtable_whole_key_filtering(options, 1)
        // One thread writes (the commit loop), so the machinery for several only costs.
        rocksdb_options_set_allow_concurrent_memtable_write(options, 0)
        rocksdb_options_set_enable_write_thread_adaptive_yield(options, 0)

        rocksdb_options_set_max_background_jobs(options, 2)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        rocksdb_options_set_target_file_size_base(options, 16 << 20)
        // With bodies beside them, a flush of 16 MiB leaves a sorted file of well under 1 MiB. Were the first level the
        // usual 256 MiB, each compaction would rewrite a hundred times what it merges.
        rocksdb_options_set_max_bytes_for_level_base(options, 32 << 20)
        rocksdb_options_set_level0_file_num_compaction_trigger(options, 8)
        rocksdb_options_set_level0_slowdown_writes_trigger(options, 32)
        rocksdb_options_set_level0_stop_writes_trigger(options, 48)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        // Written out steadily, a new file does not flood the disk when it is synced, and commits stay even.
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
        rocksdb_options_set_max_open_files(options, Int32(clamping: self.openFileCountMax))
        // Files that a reader was the last to use are deleted by a background thread, not by the reader.
        rocksdb_options_set_avoid_unnecessary_blocking_io(options, 1)

        rocksdb_options_set_info_log_level(options, 2)
        rocksdb_options_set_max_log_file_size(options, 4 << 20)
        rocksdb_options_set_keep_log_file_num(options, 4)
        rocksdb_options_set_stats_dump_period_sec(options, 0)

        self.setSeparateValues(options)
        self.setTables(options)
        return options
    }

    /// Values beside the sorted files. Bodies of objects are mostly compressed already, so they are kept as they are.
    private func setSeparateValues(_ options: OpaquePointer) {
        rocksdb_options_set_enable_blob_files(options, 1)
        rocksdb_options_set_min_blob_size(options, UInt64(self.separateValueByteCountMin))
        rocksdb_options_set_blob_file_size(options, 128 << 20)
        rocksdb_options_set_blob_compression_type(options, Int32(rocksdb_no_compression))
        // Off until there is garbage: see ``SeparateValueCollection``.
        rocksdb_options_set_enable_blob_gc(options, 0)
        rocksdb_options_set_blob_gc_age_cutoff(options, 0.25)
        rocksdb_options_set_blob_gc_force_threshold(options, 0.5)
        rocksdb_options_set_blob_compaction_readahead_size(options, 1 << 20)
    }

    private func setTables(_ options: OpaquePointer) {
        guard let tables = rocksdb_block_based_options_create() else { return }
        rocksdb_block_based_options_set_filter_policy(tables, rocksdb_filterpolicy_create_ribbon_hybrid(10, 1))
        rocksdb_block_based_options_set_format_version(tables, 5)
        // XXH3: the distribution's library computes the default, CRC-32C, by tables alone.
        rocksdb_block_based_options_set_checksum(tables, 4)
        rocksdb_block_based_options_set_block_size(tables, 8 << 10)
        // Indexes and filters inside the cache: memory has one bound, whatever the number of files.
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(tables, 1)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(tables, 1)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(tables, 1)
        if let cache = rocksdb_cache_create_lru(self.cacheByteCount) {
            rocksdb_block_based_options_set_block_cache(tables, cache)
            // The same cache for separate values, or a read from memory alone could never return one.
            rocksdb_options_set_blob_cache(options, cache)
            rocksdb_cache_destroy(cache)
        }
        rocksdb_options_set_block_based_table_factory(options, tables)
        rocksdb_block_based_options_destroy(tables)
    }
}
