// The C interface of RocksDB as the distribution installs it (Debian: librocksdb-dev).
#include <rocksdb/c.h>

// For the limit of allocation arenas that the engine's threads share.
#include <malloc.h>
