#include "tern_checksums.h"

#include <pthread.h>

#include "crc_model.h"

static struct crc_model model = {.polynomial = UINT64_C(0x9A6C9329AC4BC9B5), .width = 64};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void derive(void) { crc_model_derive(&model); }

uint64_t tern_crc64nvme(uint64_t crc, const void *data, size_t length) {
    pthread_once(&once, derive);
    return ~crc_update(&model, ~crc, data, length);
}

uint64_t tern_crc64nvme_portable(uint64_t crc, const void *data, size_t length) {
    pthread_once(&once, derive);
    return ~crc_update_by_tables(&model, ~crc, data, length);
}

uint64_t tern_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_length) {
    pthread_once(&once, derive);
    return crc_combine(&model, first, second, second_length);
}
