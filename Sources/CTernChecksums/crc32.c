#include "tern_checksums.h"

#include <pthread.h>

#include "crc_model.h"

static struct crc_model model = {.polynomial = 0xEDB88320, .width = 32};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void derive(void) { crc_model_derive(&model); }

uint32_t tern_crc32(uint32_t crc, const void *data, size_t length) {
    pthread_once(&once, derive);
    return ~(uint32_t)crc_update(&model, (uint32_t)~crc, data, length);
}

uint32_t tern_crc32_portable(uint32_t crc, const void *data, size_t length) {
    pthread_once(&once, derive);
    return ~(uint32_t)crc_update_by_tables(&model, (uint32_t)~crc, data, length);
}

uint32_t tern_crc32_combine(uint32_t first, uint32_t second, uint64_t second_length) {
    pthread_once(&once, derive);
    return (uint32_t)crc_combine(&model, first, second, second_length);
}
