// The camera on your desk: what differs from the unix port's standard variant.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#define MICROPY_BANNER_MACHINE "camcors HOST"

#include <stddef.h>

#include "variants/mpconfigvariant_common.h"

// One lock for all Python, as on the ESP32: the server thread and the REPL share the heap.
#undef MICROPY_PY_THREAD_GIL
#define MICROPY_PY_THREAD_GIL (1)
// The unix port's thread list needs it; later releases define it so themselves.
#define MICROPY_PY_THREAD_RECURSIVE_MUTEX (MICROPY_PY_THREAD)
// Ctrl-C arrives in a thread that does not hold that lock, so it is scheduled, not raised.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)

// The heap grows as on the ESP32, in the memory of firmware/camcors_host/heap.c.
#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)
extern void *host_heap_alloc(size_t bytes);
extern void host_heap_free(void *start);
#define MP_PLAT_ALLOC_HEAP(bytes) host_heap_alloc(bytes)
#define MP_PLAT_FREE_HEAP(start) host_heap_free(start)

// Soft reset ends in a new process image (firmware/camcors_host/board.c): the scripts of the old one have no exit.
#undef MICROPY_PY_SYS_ATEXIT
#define MICROPY_PY_SYS_ATEXIT (0)

// A board has no shell and no environment, and the REPL must not be a way to the computer's.
#undef MICROPY_PY_OS_SYSTEM
#define MICROPY_PY_OS_SYSTEM (0)
#undef MICROPY_PY_OS_GETENV_PUTENV_UNSETENV
#define MICROPY_PY_OS_GETENV_PUTENV_UNSETENV (0)

// On a chip all memory is the program's. Here it leads to the whole process, and /dev/mem to the whole computer:
// no machine.mem8, no uctypes, no viper and machine code, in .mpy files either.
#define MICROPY_PY_MACHINE_MEMX (0)
#define MICROPY_PY_UCTYPES (0)
#define MICROPY_EMIT_X64 (0)
#define MICROPY_EMIT_X86 (0)
#define MICROPY_EMIT_THUMB (0)
#define MICROPY_EMIT_ARM (0)
#define MICROPY_EMIT_RV32 (0)

// The `reset` of mpremote calls machine.reset(); the numbers are those of firmware/camcors_host/board.h.
extern const struct _mp_obj_fun_builtin_fixed_t host_machine_reset_obj;
extern const struct _mp_obj_fun_builtin_fixed_t host_machine_reset_cause_obj;
extern const struct _mp_obj_type_t host_machine_wdt_type;
#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&host_machine_reset_obj) }, \
    { MP_ROM_QSTR(MP_QSTR_reset_cause), MP_ROM_PTR(&host_machine_reset_cause_obj) }, \
    { MP_ROM_QSTR(MP_QSTR_WDT), MP_ROM_PTR(&host_machine_wdt_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(1) }, \
    { MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(2) }, \
    { MP_ROM_QSTR(MP_QSTR_WDT_RESET), MP_ROM_INT(3) }, \
    { MP_ROM_QSTR(MP_QSTR_DEEPSLEEP_RESET), MP_ROM_INT(4) }, \
    { MP_ROM_QSTR(MP_QSTR_SOFT_RESET), MP_ROM_INT(5) },
