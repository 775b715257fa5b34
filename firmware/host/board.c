// Power-on, the boot order of the ESP32 port, soft and hard reset.
// A reset replaces the process image: every thread ends at once and the heap is new, as on the chip.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"

#include "board.h"

#define RESET_ENV "CAMCORS_HOST_RESET" // "listener client raw": what survives a reset
#define DESCRIPTORS_MAX (1024)
#define HEAP_OPTION "heapsize=4M"      // the PSRAM of the boards, the smallest of them

// sys.path first: no file of the folder in which it was started may take a frozen module's place.
#define POWER_ON "import sys; sys.path[:] = ['.frozen']; import host_boot"

#ifndef PYEXEC_NORMAL_EXIT
#define PYEXEC_NORMAL_EXIT (1) // MicroPython 1.25; later releases name it, with a value by configuration
#endif

static char **power_on_argv;
static bool inherited;

int __real_main(int argc, char **argv);

static void stop(int signum) {
    (void)signum;
    static const char bye[] = "\ncamcors: stopped\n";
    ssize_t n = write(STDOUT_FILENO, bye, sizeof(bye) - 1);
    _exit(n < 0 ? 1 : 0); // littlefs needs no farewell: it is made for power cuts
}

int __wrap_main(int argc, char **argv) {
    // A script's name: plain MicroPython with the frozen modules and a board's heap, no camera.
    bool is_camera = argc == 1 || argv[1][0] == '-';
    static const char *const interpreter[] = { "-X", HEAP_OPTION, "-c", POWER_ON };
    size_t extra = is_camera ? MP_ARRAY_SIZE(interpreter) : 2;
    char **full = calloc(argc + extra + 1, sizeof(char *));
    if (full == NULL) {
        return 1;
    }
    full[0] = argv[0];
    memcpy(&full[1], interpreter, extra * sizeof(char *));
    memcpy(&full[1 + extra], &argv[1], (argc - 1) * sizeof(char *));
    if (is_camera) {
        power_on_argv = argv;
        struct sigaction sa = { .sa_handler = stop };
        sigaction(SIGINT, &sa, NULL);
        sigaction(SIGTERM, &sa, NULL);
    }
    return __real_main(argc + extra, full);
}

void board_reset(reset_cause_t cause, bool raw_repl) {
    int listener, client;
    serial_freeze(&listener, &client);
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            fcntl(fd, F_SETFD, fd == listener || fd == client ? 0 : FD_CLOEXEC);
        }
    }
    char state[40];
    snprintf(state, sizeof(state), "%d %d %d", listener, client, raw_repl);
    setenv(RESET_ENV, state, 1);
    watchdog_freeze(cause);
    execv("/proc/self/exe", power_on_argv);
    perror("camcors: reset");
    _exit(1);
}

static mp_obj_t host_machine_reset(void) {
    board_reset(CAUSE_HARD, false);
}
MP_DEFINE_CONST_FUN_OBJ_0(host_machine_reset_obj, host_machine_reset);

static void inherit(void) {
    watchdog_inherit();
    int listener, client, raw_repl;
    const char *state = getenv(RESET_ENV);
    if (state != NULL && sscanf(state, "%d %d %d", &listener, &client, &raw_repl) == 3) {
        serial_inherit(listener, client);
        pyexec_mode_kind = raw_repl ? PYEXEC_MODE_RAW_REPL : PYEXEC_MODE_FRIENDLY_REPL;
        inherited = true;
    }
    unsetenv(RESET_ENV);
}

// serial(host: str, port: int) -> bool: opens the REPL's port and returns True, or keeps the one from
// before the reset. Raises OSError.
static mp_obj_t host_serial(mp_obj_t host, mp_obj_t port) {
    inherit();
    int err = inherited ? 0 : serial_listen(mp_obj_str_get_str(host), mp_obj_get_int(port));
    if (err != 0) {
        mp_raise_OSError(err);
    }
    serial_start();
    return mp_obj_new_bool(!inherited);
}
static MP_DEFINE_CONST_FUN_OBJ_2(host_serial_obj, host_serial);

// flash(path: str, size: int): makes the image file the board's flash. Raises OSError.
static mp_obj_t host_flash(mp_obj_t path, mp_obj_t size) {
    int err = flash_open(mp_obj_str_get_str(path), mp_obj_get_int(size));
    if (err != 0) {
        mp_raise_OSError(err);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(host_flash_obj, host_flash);

// The order of ports/esp32/main.c: _boot.py, boot.py, main.py unless a host holds the raw REPL, then the REPL.
static void boot_and_serve(void) {
    pyexec_frozen_module("_boot.py", false);
    int ret = pyexec_file_if_exists("boot.py");
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && ret == PYEXEC_NORMAL_EXIT) {
        ret = pyexec_file_if_exists("main.py");
    }
    serial_repl_begins();
    while (!(ret & PYEXEC_FORCED_EXIT)) {
        ret = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    }
}

// run(): boots and serves the REPL; never returns.
static mp_obj_t host_run(void) {
    // The scripts and the REPL share the globals of __main__, not those of the module that called.
    mp_globals_set(&MP_STATE_VM(dict_main));
    mp_locals_set(&MP_STATE_VM(dict_main));
    readline_init0();
    boot_and_serve();
    mp_hal_stdout_tx_str("MPY: soft reboot\r\n");
    board_reset(CAUSE_SOFT, pyexec_mode_kind == PYEXEC_MODE_RAW_REPL);
}
static MP_DEFINE_CONST_FUN_OBJ_0(host_run_obj, host_run);

static const mp_rom_map_elem_t host_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__host) },
    { MP_ROM_QSTR(MP_QSTR_serial), MP_ROM_PTR(&host_serial_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash), MP_ROM_PTR(&host_flash_obj) },
    { MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&host_run_obj) },
};
static MP_DEFINE_CONST_DICT(host_globals, host_globals_table);

const mp_obj_module_t host_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&host_globals,
};
MP_REGISTER_MODULE(MP_QSTR__host, host_module);
