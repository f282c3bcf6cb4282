#ifndef TERN_ROCKSDB_CHECKSUM_H
#define TERN_ROCKSDB_CHECKSUM_H

#ifdef __cplusplus
extern "C" {
#endif

/// The address of the CRC-32C that RocksDB is to use: to find out whether it does.
const void *tern_rocksdb_crc32c_address(void);

#ifdef __cplusplus
}
#endif

#endif
