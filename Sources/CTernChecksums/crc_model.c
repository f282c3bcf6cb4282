#include "crc_model.h"

// MARK: Arithmetic modulo the polynomial, aligned

static uint64_t align(const struct crc_model *model, uint64_t value) { return value << (64 - model->width); }

static uint64_t multiply_by_x(const struct crc_model *model, uint64_t value) {
    const uint64_t leading = align(model, 1);
    return value & leading ? (value ^ leading) >> 1 ^ align(model, model->polynomial) : value >> 1;
}

static uint64_t multiply(const struct crc_model *model, uint64_t left, uint64_t right) {
    uint64_t product = 0;
    for (int bit = 63; bit >= 64 - model->width; bit--) {
        if (left >> bit & 1) product ^= right;
        right = multiply_by_x(model, right);
    }
    return product;
}

/// x^(exponent << shift).
static uint64_t shifted_power(const struct crc_model *model, uint64_t exponent, int shift) {
    uint64_t result = UINT64_C(1) << 63;
    for (int bit = shift; exponent != 0; bit++, exponent >>= 1) {
        if (exponent & 1) result = multiply(model, result, model->powers[bit]);
    }
    return result;
}

uint64_t crc_power(const struct crc_model *model, uint64_t exponent) { return shifted_power(model, exponent, 0); }

uint64_t crc_combine(const struct crc_model *model, uint64_t first, uint64_t second, uint64_t second_length) {
    // The inversions at the start and the end of both parts cancel out, so that the finalized values behave like
    // registers: advance the first over the second's length in zero bytes, and add the second.
    const uint64_t factor = shifted_power(model, second_length, 3);
    return multiply(model, factor, align(model, first)) >> (64 - model->width) ^ second;
}

// MARK: Derivation

void crc_model_derive(struct crc_model *model) {
    for (int byte = 0; byte < 256; byte++) {
        uint64_t state = (uint64_t)byte;
        for (int bit = 0; bit < 8; bit++) state = state & 1 ? (state >> 1) ^ model->polynomial : state >> 1;
        model->tables[0][byte] = state;
    }
    for (int zeros = 1; zeros < 8; zeros++) {
        for (int byte = 0; byte < 256; byte++) {
            const uint64_t state = model->tables[zeros - 1][byte];
            model->tables[zeros][byte] = model->tables[0][state & 255] ^ state >> 8;
        }
    }

    model->powers[0] = UINT64_C(1) << 62;
    for (int index = 1; index < crc_power_count; index++) {
        model->powers[index] = multiply(model, model->powers[index - 1], model->powers[index - 1]);
    }

    // To move 16 bytes forward by n bits is to multiply them by x^n: their first eight bytes, which stand 64 degrees
    // higher, by x^(n+64). The carry-less product of two reflected 64-bit numbers has 127 bits and so comes out
    // multiplied by x once more, which the constants take back.
    model->fold_by_64[0] = crc_power(model, 512 + 64 - 1);
    model->fold_by_64[1] = crc_power(model, 512 - 1);
    model->fold_by_16[0] = crc_power(model, 128 + 64 - 1);
    model->fold_by_16[1] = crc_power(model, 128 - 1);
}

// MARK: Tables

uint64_t crc_update_by_tables(const struct crc_model *model, uint64_t state, const uint8_t *data, size_t length) {
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        word ^= state;
        state = model->tables[7][word & 255] ^ model->tables[6][word >> 8 & 255] ^ model->tables[5][word >> 16 & 255]
            ^ model->tables[4][word >> 24 & 255] ^ model->tables[3][word >> 32 & 255]
            ^ model->tables[2][word >> 40 & 255] ^ model->tables[1][word >> 48 & 255] ^ model->tables[0][word >> 56];
        data += 8;
        length -= 8;
    }
    while (length > 0) {
        state = model->tables[0][(state ^ *data) & 255] ^ state >> 8;
        data++;
        length--;
    }
    return state;
}

// MARK: Carry-less multiplication

#if defined(__x86_64__)

#include <immintrin.h>

#define WITH_PCLMUL __attribute__((target("sse2,pclmul")))

WITH_PCLMUL static inline __m128i load(const uint8_t *data) {
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

WITH_PCLMUL static inline __m128i fold(__m128i value, __m128i multipliers, __m128i next) {
    const __m128i low = _mm_clmulepi64_si128(value, multipliers, 0x00);
    const __m128i high = _mm_clmulepi64_si128(value, multipliers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// At least 64 bytes. What is folded is 16 bytes that are congruent, modulo the polynomial, to all that was read.
WITH_PCLMUL static uint64_t update_by_folding(
    const struct crc_model *model, uint64_t state, const uint8_t *data, size_t length
) {
    const __m128i by_64 = _mm_set_epi64x((int64_t)model->fold_by_64[1], (int64_t)model->fold_by_64[0]);
    const __m128i by_16 = _mm_set_epi64x((int64_t)model->fold_by_16[1], (int64_t)model->fold_by_16[0]);
    __m128i a = _mm_xor_si128(load(data), _mm_set_epi64x(0, (int64_t)state));
    __m128i b = load(data + 16);
    __m128i c = load(data + 32);
    __m128i d = load(data + 48);
    data += 64;
    length -= 64;
    while (length >= 64) {
        a = fold(a, by_64, load(data));
        b = fold(b, by_64, load(data + 16));
        c = fold(c, by_64, load(data + 32));
        d = fold(d, by_64, load(data + 48));
        data += 64;
        length -= 64;
    }
    a = fold(fold(fold(a, by_16, b), by_16, c), by_16, d);
    while (length >= 16) {
        a = fold(a, by_16, load(data));
        data += 16;
        length -= 16;
    }
    uint8_t rest[16];
    _mm_storeu_si128((__m128i *)(void *)rest, a);
    return crc_update_by_tables(model, crc_update_by_tables(model, 0, rest, 16), data, length);
}

uint64_t crc_update(const struct crc_model *model, uint64_t state, const uint8_t *data, size_t length) {
    if (length >= 64 && __builtin_cpu_supports("pclmul")) return update_by_folding(model, state, data, length);
    return crc_update_by_tables(model, state, data, length);
}

#else

uint64_t crc_update(const struct crc_model *model, uint64_t state, const uint8_t *data, size_t length) {
    return crc_update_by_tables(model, state, data, length);
}

#endif
