// machine.WDT and machine.reset_cause() with the manners of the ESP32 port (its machine_wdt.c and modmachine.c,
// 1.25 and 1.28 alike): making a WDT arms it, making it again gives it another time-out and starts it over,
// nothing stops it, and it outlives a soft reset. Its end is a hard reset.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "py/runtime.h"

#include "board.h"

#define RESET_ENV "CAMCORS_HOST_CAUSE" // "cause timeout_ms": what survives a reset
#define TICK_MS (20)

static reset_cause_t cause = CAUSE_POWER_ON;
static int timeout_ms;
static int left_ms;

// Counts its own steps, not the clock's: a camera that was held by SIGSTOP or a debugger has not stood still.
static void *watch(void *arg) {
    for (;;) {
        usleep(TICK_MS * 1000);
        if (__atomic_sub_fetch(&left_ms, TICK_MS, __ATOMIC_SEQ_CST) <= 0) {
            static const char said[] = "\ncamcors: the watchdog resets the camera\n";
            ssize_t n = write(STDOUT_FILENO, said, sizeof(said) - 1);
            (void)n;
            board_reset(CAUSE_WATCHDOG, false);
        }
    }
    return arg;
}

static int arm(int ms) {
    static bool running;
    timeout_ms = ms;
    __atomic_store_n(&left_ms, ms, __ATOMIC_SEQ_CST);
    if (!running) {
        pthread_t thread;
        int err = pthread_create(&thread, NULL, watch, NULL);
        if (err != 0) {
            return err;
        }
        pthread_detach(thread);
        running = true;
    }
    return 0;
}

void watchdog_freeze(reset_cause_t next) {
    char state[40];
    snprintf(state, sizeof(state), "%d %d", next, next == CAUSE_SOFT ? timeout_ms : 0);
    setenv(RESET_ENV, state, 1);
}

void watchdog_inherit(void) {
    const char *state = getenv(RESET_ENV);
    int inherited_cause, ms;
    if (state != NULL && sscanf(state, "%d %d", &inherited_cause, &ms) == 2) {
        cause = inherited_cause;
        if (ms > 0) {
            arm(ms);
        }
    }
    unsetenv(RESET_ENV);
}

// reset_cause() -> one of PWRON_RESET, HARD_RESET, WDT_RESET and SOFT_RESET.
static mp_obj_t host_machine_reset_cause(void) {
    return MP_OBJ_NEW_SMALL_INT(cause);
}
MP_DEFINE_CONST_FUN_OBJ_0(host_machine_reset_cause_obj, host_machine_reset_cause);

static const mp_obj_base_t wdt = { &host_machine_wdt_type };

// WDT(id=0, timeout=5000): timeout in ms. Raises OSError.
static mp_obj_t wdt_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    enum { ARG_id, ARG_timeout };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_id, MP_ARG_INT, {.u_int = 0} },
        { MP_QSTR_timeout, MP_ARG_INT, {.u_int = 5000} },
    };
    mp_arg_val_t values[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all_kw_array(n_args, n_kw, args, MP_ARRAY_SIZE(allowed_args), allowed_args, values);
    if (values[ARG_id].u_int != 0 || values[ARG_timeout].u_int <= 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("WDT timeout too short"));
    }
    int err = arm((int)values[ARG_timeout].u_int);
    if (err != 0) {
        mp_raise_OSError(err);
    }
    return MP_OBJ_FROM_PTR(&wdt);
}

static mp_obj_t wdt_feed(mp_obj_t self) {
    (void)self;
    __atomic_store_n(&left_ms, timeout_ms, __ATOMIC_SEQ_CST);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(wdt_feed_obj, wdt_feed);

static const mp_rom_map_elem_t wdt_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_feed), MP_ROM_PTR(&wdt_feed_obj) },
};
static MP_DEFINE_CONST_DICT(wdt_locals, wdt_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    host_machine_wdt_type,
    MP_QSTR_WDT,
    MP_TYPE_FLAG_NONE,
    make_new, wdt_make_new,
    locals_dict, &wdt_locals
    );
