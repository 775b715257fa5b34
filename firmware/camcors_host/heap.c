// The memory of the host's chip: the Python heap grows in it as on a board, area by area, and leaves it the same
// reserve. Only the heap takes of it: the network's memory is the computer's.
#include <stdlib.h>

#include "py/gc.h"

#include "board.h"
#include "heap_room.h"
#include "system_heap.h"

// What is left when the heap is full is the reserve.
#define MEMORY_BYTES (HEAP_BYTES_MAX + HEAP_RESERVE)

// In front of each area, which keeps the alignment of malloc().
typedef union {
    size_t bytes;
    long double aligned;
} area_t;

static size_t taken = INITIAL_HEAP_BYTES; // guarded by the GIL

size_t system_heap_free(void) {
    return MEMORY_BYTES - taken;
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
    taken += bytes;
    return area + 1;
}

void host_heap_free(void *start) {
    area_t *area = (area_t *)start - 1;
    taken -= area->bytes;
    free(area);
}
