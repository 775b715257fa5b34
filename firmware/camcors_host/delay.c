// time.sleep_ms() without the interpreter's lock, as on a chip: MicroPython 1.25's unix port holds it meanwhile, so
// that a script which waits on the REPL would stop the server. 1.28's releases it (ports/unix/mphalport.h).
// It takes the place of the port's by the linker's --wrap (boards/HOST/mpconfigvariant.mk).
#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"

#define STEP_US (500)

void __wrap_mp_hal_delay_ms(mp_uint_t ms) {
    mp_uint_t start = mp_hal_ticks_ms();
    mp_handle_pending(true);
    while (mp_hal_ticks_ms() - start < ms) {
        MP_THREAD_GIL_EXIT();
        mp_hal_delay_us(STEP_US);
        MP_THREAD_GIL_ENTER();
        mp_handle_pending(true);
    }
}
