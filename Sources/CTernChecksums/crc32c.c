#include "tern_checksums.h"

#include <pthread.h>

#include "crc_model.h"

static struct crc_model model = {.polynomial = 0x82F63B78, .width = 32};
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)

#include <immintrin.h>

// The crc32 instruction takes 3 cycles but starts each cycle, so three independent runs side by side keep it busy.
// A run's length is a trade: the three results must be brought together after it.
enum { long_run = 2048, short_run = 128 };

/// Multipliers (registers) that move a result forward by one and by two runs.
struct run_shift {
    uint64_t by_one;
    uint64_t by_two;
};

static struct run_shift long_shift;
static struct run_shift short_shift;

/// The multiplier for `shift`: of the product of two 32-bit registers the crc32 instruction makes x^33 times the
/// product of their polynomials, and the multiplier takes that back.
static uint64_t multiplier(uint64_t byte_count) { return crc_power(&model, 8 * byte_count - 33) >> 32; }

static void derive(void) {
    crc_model_derive(&model);
    long_shift = (struct run_shift){.by_one = multiplier(long_run), .by_two = multiplier(2 * long_run)};
    short_shift = (struct run_shift){.by_one = multiplier(short_run), .by_two = multiplier(2 * short_run)};
}

#define WITH_CRC32 __attribute__((target("sse4.2,pclmul")))

WITH_CRC32 static inline uint64_t load(const uint8_t *data) {
    uint64_t word;
    memcpy(&word, data, 8);
    return word;
}

WITH_CRC32 static inline __m128i product(uint64_t left, uint64_t right) {
    return _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)left), _mm_cvtsi64_si128((int64_t)right), 0);
}

/// Advances a register over three runs of `run` bytes.
WITH_CRC32 static inline uint64_t update_three_runs(
    uint64_t first, const uint8_t *data, size_t run, const struct run_shift *shift
) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t offset = 0; offset < run; offset += 8) {
        first = _mm_crc32_u64(first, load(data + offset));
        second = _mm_crc32_u64(second, load(data + run + offset));
        third = _mm_crc32_u64(third, load(data + 2 * run + offset));
    }
    const __m128i moved = _mm_xor_si128(product(first, shift->by_two), product(second, shift->by_one));
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(moved)) ^ third;
}

WITH_CRC32 static uint32_t update_by_instruction(uint64_t state, const uint8_t *data, size_t length) {
    while (length >= 3 * long_run) {
        state = update_three_runs(state, data, long_run, &long_shift);
        data += 3 * long_run;
        length -= 3 * long_run;
    }
    while (length >= 3 * short_run) {
        state = update_three_runs(state, data, short_run, &short_shift);
        data += 3 * short_run;
        length -= 3 * short_run;
    }
    while (length >= 8) {
        state = _mm_crc32_u64(state, load(data));
        data += 8;
        length -= 8;
    }
    while (length > 0) {
        state = _mm_crc32_u8((uint32_t)state, *data);
        data++;
        length--;
    }
    return (uint32_t)state;
}

static uint32_t update(uint32_t state, const uint8_t *data, size_t length) {
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
        return update_by_instruction(state, data, length);
    }
    return (uint32_t)crc_update_by_tables(&model, state, data, length);
}

#else

static void derive(void) { crc_model_derive(&model); }

static uint32_t update(uint32_t state, const uint8_t *data, size_t length) {
    return (uint32_t)crc_update(&model, state, data, length);
}

#endif

uint32_t tern_crc32c(uint32_t crc, const void *data, size_t length) {
    pthread_once(&once, derive);
    return ~update(~crc, data, length);
}

uint32_t tern_crc32c_portable(uint32_t crc, const void *data, size_t length) {
    pthread_once(&once, derive);
    return ~(uint32_t)crc_update_by_tables(&model, (uint32_t)~crc, data, length);
}

uint32_t tern_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length) {
    pthread_once(&once, derive);
    return (uint32_t)crc_combine(&model, first, second, second_length);
}
