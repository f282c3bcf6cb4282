// The C interface of RocksDB as the distribution installs it (Debian: librocksdb-dev).
#include <rocksdb/c.h>
