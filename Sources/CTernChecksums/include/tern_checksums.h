#ifndef TERN_CHECKSUMS_H
#define TERN_CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

// The cyclic checksums of S3 (spec §7.1), all bit-reflected, in their finalized form: pass 0 to start, and the previous
// result to continue with the bytes that follow. The functions are pure and safe to call from any thread.

#ifdef __cplusplus
extern "C" {
#endif

/// CRC-32C (Castagnoli, RFC 3720): polynomial 1EDC6F41.
uint32_t tern_crc32c(uint32_t crc, const void *data, size_t length);

/// CRC-32/ISO-HDLC, that of zip and PNG: polynomial 04C11DB7.
uint32_t tern_crc32(uint32_t crc, const void *data, size_t length);

/// CRC-64/NVME: polynomial AD93D23594C93659.
uint64_t tern_crc64nvme(uint64_t crc, const void *data, size_t length);

// The checksum of A followed by B, from the checksums of A and of B and the length of B in bytes.
uint32_t tern_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length);
uint32_t tern_crc32_combine(uint32_t first, uint32_t second, uint64_t second_length);
uint64_t tern_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_length);

// The same checksums by tables alone, whatever the processor can do: for tests and comparison.
uint32_t tern_crc32c_portable(uint32_t crc, const void *data, size_t length);
uint32_t tern_crc32_portable(uint32_t crc, const void *data, size_t length);
uint64_t tern_crc64nvme_portable(uint64_t crc, const void *data, size_t length);

#ifdef __cplusplus
}
#endif

#endif
