#ifndef TERN_CRC_MODEL_H
#define TERN_CRC_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the checksums read their input as little-endian words"
#endif

// Two representations of a polynomial of degree < width stand side by side in these files, both bit-reflected:
//   a *register*: the coefficient of x^(width-1) is bit 0 (what a CRC function returns, before the final inversion);
//   *aligned*: the register shifted left so that x^0 is bit 63, whatever the width. In this form 32 and 64 bit
//   checksums share all arithmetic, and a carry-less multiplication of 64 bit halves takes it as it is.

/// The powers x^(2^0) … x^(2^66): enough for the length in bits of any 64-bit number of bytes.
enum { crc_power_count = 67 };

/// One checksum: its polynomial and all that is derived from it.
struct crc_model {
    /// The generator without its leading term, as a register.
    uint64_t polynomial;
    /// 32 or 64.
    int width;

    /// tables[k][b]: the register after byte b and k zero bytes, from register 0 ("slicing by 8").
    uint64_t tables[8][256];
    /// powers[k] = x^(2^k), aligned.
    uint64_t powers[crc_power_count];
    /// Aligned multipliers that carry the low and the high half of 16 bytes forward by 64 bytes, and by 16 bytes.
    uint64_t fold_by_64[2];
    uint64_t fold_by_16[2];
};

/// Fills in everything that follows `polynomial` and `width`.
void crc_model_derive(struct crc_model *model);

/// x^exponent modulo the polynomial, aligned.
uint64_t crc_power(const struct crc_model *model, uint64_t exponent);

/// The finalized checksum of A followed by B.
uint64_t crc_combine(const struct crc_model *model, uint64_t first, uint64_t second, uint64_t second_length);

/// Advances a register over the bytes, by tables.
uint64_t crc_update_by_tables(const struct crc_model *model, uint64_t state, const uint8_t *data, size_t length);

/// Advances a register over the bytes, by carry-less multiplication where the processor has it, else by tables.
uint64_t crc_update(const struct crc_model *model, uint64_t state, const uint8_t *data, size_t length);

#endif
