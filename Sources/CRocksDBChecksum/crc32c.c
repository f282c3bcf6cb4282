// CRC-32C with the processor's own instructions, in place of the one inside RocksDB.
//
// Every record of RocksDB's log and of its files of separate values has a CRC-32C. Distributions build the library for any
// x86-64, and it decides when it is built, not when it runs, so that it computes by tables: two checksums of each small
// body on its way in, at a twentieth of the speed. The library calls its function by name through the dynamic linker,
// which takes the executable's definition of a name before a library's. Where that is not so, as with a static library or
// one that calls its own directly, RocksDB uses what it has, and this is not called: the results are the same.
// (docs/decisions/0030-crc-of-rocksdb.md)

#include "CRocksDBChecksum.h"
#include "tern_checksums.h"

#include <stddef.h>
#include <stdint.h>

// rocksdb::crc32c::Extend(uint32_t, const char *, size_t): the checksum of A followed by data, from that of A.
__attribute__((visibility("default"), used)) uint32_t _ZN7rocksdb6crc32c6ExtendEjPKcm(
    uint32_t crc, const char *data, size_t length) {
    return tern_crc32c(crc, data, length);
}

const void *tern_rocksdb_crc32c_address(void) { return (const void *)&_ZN7rocksdb6crc32c6ExtendEjPKcm; }
