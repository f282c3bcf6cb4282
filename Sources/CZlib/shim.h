// zlib as the distribution installs it (Debian: zlib1g-dev).
#include <zlib.h>
