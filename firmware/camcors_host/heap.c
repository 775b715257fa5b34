// The memory of the host's chip: the Python heap grows in it as on a board, area by area, and leaves it the same
// reserve. Only the heap takes of it: the network's memory is the computer's.
//
// CAMCORS_HOST_HEAP=FIRST:MOST in the environment has it grow between other sizes; of one size, it does not grow.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "py/gc.h"

#include "board.h"
#include "heap_room.h"
#include "system_heap.h"

#define HEAP_ENV "CAMCORS_HOST_HEAP"
// What an ESP32 has at first: 56 KB (MICROPY_GC_INITIAL_HEAP_SIZE of its port), in words, which may be longer here.
#define FIRST_BYTES (14 * 1024 * sizeof(void *))
// The PSRAM of the boards, the smallest of them.
#define MOST_BYTES (4194304)
// A camera needs far more; MicroPython's own check of its option knows no more than this.
#define LEAST_BYTES (16384)

// In front of each area, which keeps the alignment of malloc().
typedef union {
    size_t bytes;
    long double aligned;
} area_t;

static unsigned most = MOST_BYTES;
static unsigned taken = FIRST_BYTES; // guarded by the GIL

// Whether the text is BYTES, or FIRST:MOST, put into `taken` and `most`.
static bool read_sizes(const char *text) {
    int end = 0;
    if (text[strspn(text, "0123456789:")] != '\0') { // sscanf() reads signs and white space
        return false;
    }
    int count = sscanf(text, "%9u%n:%9u%n", &taken, &end, &most, &end);
    if (count == 1) {
        most = taken;
    }
    return count >= 1 && text[end] == '\0' && LEAST_BYTES <= taken && taken <= most;
}

unsigned host_heap_start(void) {
    const char *text = getenv(HEAP_ENV);
    if (text == NULL || read_sizes(text)) {
        return taken;
    }
    fprintf(stderr, "camcors-host: " HEAP_ENV "=%s: write BYTES, or FIRST:MOST, from %d on\n", text, LEAST_BYTES);
    return 0;
}

size_t system_heap_free(void) {
    // What is left when the heap is full is the reserve.
    return most + HEAP_RESERVE - taken;
}

size_t gc_get_max_new_split(void) {
    size_t free_bytes = system_heap_free();
    return heap_room_internal(free_bytes, free_bytes);
}

void *host_heap_alloc(size_t bytes) {
    area_t *area = bytes > system_heap_free() ? NULL : malloc(sizeof(area_t) + bytes);
    if (area == NULL) {
        return NULL;
    }
    area->bytes = bytes;
    taken += (unsigned)bytes;
    return area + 1;
}

void host_heap_free(void *start) {
    area_t *area = (area_t *)start - 1;
    taken -= (unsigned)area->bytes;
    free(area);
}
