// The memory of TLS: the computer's, as an ESP32 takes it from ESP-IDF and not from Python's heap. Counted, so that
// a test can see that all of it comes back.
#include <malloc.h>
#include <stdlib.h>

#include "py/runtime.h"

#include "board.h"

static size_t in_use;

void *tls_calloc(size_t count, size_t size) {
    void *start = calloc(count, size);
    __atomic_add_fetch(&in_use, malloc_usable_size(start), __ATOMIC_RELAXED);
    return start;
}

void tls_free(void *start) {
    __atomic_sub_fetch(&in_use, malloc_usable_size(start), __ATOMIC_RELAXED);
    free(start);
}

// tls_bytes() -> int: how much of it is in use.
static mp_obj_t host_tls_bytes(void) {
    return mp_obj_new_int_from_uint(__atomic_load_n(&in_use, __ATOMIC_RELAXED));
}
MP_DEFINE_CONST_FUN_OBJ_0(host_tls_bytes_obj, host_tls_bytes);
