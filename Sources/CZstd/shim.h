// Zstandard as the distribution installs it (Debian: libzstd-dev).
#include <zstd.h>
