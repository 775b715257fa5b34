// Runs esp32_heap.c on a chip whose figures are the arguments: total, block (PSRAM), free, block (internal memory).
#include <stdio.h>
#include <stdlib.h>

#include "esp_heap_caps.h"

#include "system_heap.h"

size_t __wrap_gc_get_max_new_split(void);

static size_t psram_total, psram_block, internal_free, internal_block;

// The memory that DMA reaches is internal: what is asked of it is not the PSRAM, and not what only code can use.
static int is_psram(uint32_t caps) {
    if (caps != MALLOC_CAP_SPIRAM && caps != (MALLOC_CAP_INTERNAL | MALLOC_CAP_DMA)) {
        fprintf(stderr, "asked for the memory %x\n", (unsigned)caps);
        exit(1);
    }
    return caps == MALLOC_CAP_SPIRAM;
}

size_t heap_caps_get_total_size(uint32_t caps) {
    return is_psram(caps) ? psram_total : 327680;
}

size_t heap_caps_get_free_size(uint32_t caps) {
    return is_psram(caps) ? psram_block : internal_free;
}

size_t heap_caps_get_largest_free_block(uint32_t caps) {
    return is_psram(caps) ? psram_block : internal_block;
}

int main(int argc, char **argv) {
    size_t *const figures[] = { &psram_total, &psram_block, &internal_free, &internal_block };
    for (int i = 0; i < argc - 1; i++) {
        *figures[i] = strtoul(argv[i + 1], NULL, 10);
    }
    printf("%zu %zu\n", __wrap_gc_get_max_new_split(), system_heap_free());
    return 0;
}
