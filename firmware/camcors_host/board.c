// Power-on, the boot order of the ESP32 port, soft and hard reset.
// A reset replaces the process image: every thread ends at once and the heap is new, as on the chip.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"

#include "../native/repl.h"
#include "board.h"

#define RESET_ENV "CAMCORS_HOST_RESET" // the line's descriptors and raw_repl: what survives a reset
#define DESCRIPTORS_MAX (1024)

// sys.path first: no file of the folder in which it was started may take a frozen module's place.
#define POWER_ON "import sys; sys.path[:] = ['.frozen']; import camcors_host.power_on, camcors_host.life"

#ifndef PYEXEC_NORMAL_EXIT
#define PYEXEC_NORMAL_EXIT (1) // MicroPython 1.25; later releases name it, with a value by configuration
#endif

static char **power_on_argv;
static line_t *line;
static bool is_booted; // from here on Python can open nothing

int __real_main(int argc, char **argv);

static void stop(int signum) {
    (void)signum;
    link_remove();
    static const char bye[] = "\ncamcors: stopped\n";
    ssize_t n = write(STDOUT_FILENO, bye, sizeof(bye) - 1);
    _exit(n < 0 ? 1 : 0); // littlefs needs no farewell: it is made for power cuts
}

int __wrap_main(int argc, char **argv) {
    // A script's name: plain MicroPython with the frozen modules and a board's heap, no camera.
    bool is_camera = argc == 1 || argv[1][0] == '-';
    char heap[32];
    const unsigned heap_bytes = host_heap_start();
    snprintf(heap, sizeof(heap), "heapsize=%u", heap_bytes);
    const char *const interpreter[] = { "-X", heap, "-c", POWER_ON };
    int extra = is_camera ? (int)MP_ARRAY_SIZE(interpreter) : 2;
    char **full = calloc((size_t)(argc + extra + 1), sizeof(char *));
    if (full == NULL || heap_bytes == 0) {
        return 1;
    }
    full[0] = argv[0];
    memcpy(&full[1], interpreter, (size_t)extra * sizeof(char *));
    memcpy(&full[1 + extra], &argv[1], (size_t)(argc - 1) * sizeof(char *));
    if (is_camera) {
        power_on_argv = argv;
        struct sigaction sa = { .sa_handler = stop };
        sigaction(SIGINT, &sa, NULL);
        sigaction(SIGTERM, &sa, NULL);
        struct sigaction old;
        if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN) { // nohup's wish
            sigaction(SIGHUP, &sa, NULL);
        }
        confine();
    }
    return __real_main(argc + extra, full);
}

static bool outlives_reset(int fd) {
    for (int i = 0; i < LINE_DESCRIPTORS; i++) {
        if (fd == line->fds[i]) {
            return true;
        }
    }
    return false;
}

// What the server leaves open here is lost to a chip until a hard reset; firmware/camcors/shutdown.py says why.
static void tell_open_sockets(void) {
    int count = 0;
    struct stat st;
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
        count += !outlives_reset(fd) && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
    }
    if (count > 0) {
        dprintf(STDOUT_FILENO, "camcors: sockets open at the soft reset: %d\n", count);
    }
}

void board_reset(reset_cause_t cause, bool raw_repl) {
    if (line == NULL) { // a script: there is no camera to start again
        _exit(1);
    }
    serial_freeze();
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            fcntl(fd, F_SETFD, outlives_reset(fd) ? 0 : FD_CLOEXEC);
        }
    }
    char state[64];
    snprintf(state, sizeof(state), "%d %d %d %d", line->fds[0], line->fds[1], line->fds[2], raw_repl);
    setenv(RESET_ENV, state, 1);
    watchdog_freeze(cause);
    execv("/proc/self/exe", power_on_argv);
    perror("camcors: reset");
    _exit(1);
}

static mp_obj_t host_machine_reset(void) {
    if (line == NULL) { // a script: there is no camera to reset
        mp_raise_OSError(MP_EPERM);
    }
    board_reset(CAUSE_HARD, false);
}
MP_DEFINE_CONST_FUN_OBJ_0(host_machine_reset_obj, host_machine_reset);

// Whether this is the start after a reset; then the line has its descriptors again.
static bool inherit(void) {
    watchdog_inherit();
    int fds[LINE_DESCRIPTORS], raw_repl;
    const char *state = getenv(RESET_ENV);
    bool found = state != NULL && sscanf(state, "%d %d %d %d", &fds[0], &fds[1], &fds[2], &raw_repl) == 4;
    if (found) {
        memcpy(line->fds, fds, sizeof(fds));
        pyexec_mode_kind = raw_repl ? PYEXEC_MODE_RAW_REPL : PYEXEC_MODE_FRIENDLY_REPL;
    }
    unsetenv(RESET_ENV);
    return found;
}

// sys.modules and sys.argv are the person's to change: power_on may be run again, with options of any kind.
static void require_power_on(void) {
    if (is_booted || power_on_argv == NULL) {
        mp_raise_OSError(MP_EPERM);
    }
}

static mp_obj_t start_line(bool inherited, int err) {
    if (err != 0) {
        mp_raise_OSError(err);
    }
    serial_start(line);
    return mp_obj_new_bool(!inherited);
}

// pty(link: str) -> bool: opens the REPL's pseudo-terminal under that name and returns True, or keeps the one
// from before the reset. Raises OSError with the errno of link_take().
static mp_obj_t host_pty(mp_obj_t link_in) {
    require_power_on();
    const char *link = mp_obj_str_get_str(link_in);
    line = &pty_line;
    bool inherited = inherit();
    if (inherited) {
        pty_inherit(link);
    }
    return start_line(inherited, inherited ? 0 : pty_open(link));
}
static MP_DEFINE_CONST_FUN_OBJ_1(host_pty_obj, host_pty);

// insecure_port(host: str, port: int) -> bool: the same over TCP. Raises OSError.
static mp_obj_t host_insecure_port(mp_obj_t host, mp_obj_t port) {
    require_power_on();
    line = &insecure_port_line;
    bool inherited = inherit();
    int err = inherited ? 0 : insecure_port_open(mp_obj_str_get_str(host), (int)mp_obj_get_int(port));
    return start_line(inherited, err);
}
static MP_DEFINE_CONST_FUN_OBJ_2(host_insecure_port_obj, host_insecure_port);

// flash(path: str, size: int, table_offset: int, table: bytes) -> (was_made, open_to, is_private): makes the
// image file the board's flash; `open_to` are the permissions of others that it had, `is_private` whether they
// have none now. Raises OSError.
static mp_obj_t host_flash(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    require_power_on();
    mp_buffer_info_t table;
    mp_get_buffer_raise(args[3], &table, MP_BUFFER_READ);
    flash_layout_t layout = {
        .size = (size_t)mp_obj_get_int(args[1]),
        .table_offset = (size_t)mp_obj_get_int(args[2]),
        .table = table.buf,
        .table_size = table.len,
    };
    flash_image_t image;
    int err = flash_image_open(mp_obj_str_get_str(args[0]), &layout, &image);
    if (err == 0) {
        err = flash_map(image.fd, layout.size); // the descriptor stays open: it holds the lock
    }
    if (err != 0) {
        mp_raise_OSError(err);
    }
    mp_obj_t said[] = {
        mp_obj_new_bool(image.was_made),
        MP_OBJ_NEW_SMALL_INT(image.open_to),
        mp_obj_new_bool(image.is_private),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(said), said);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(host_flash_obj, 4, 4, host_flash);

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
    require_power_on();
    is_booted = true;
    // The scripts and the REPL share the globals of __main__, not those of the module that called.
    mp_globals_set(&MP_STATE_VM(dict_main));
    mp_locals_set(&MP_STATE_VM(dict_main));
    readline_init0();
    boot_and_serve();
    repl_before_soft_reset();
    tell_open_sockets();
    mp_hal_stdout_tx_str("MPY: soft reboot\r\n");
    board_reset(CAUSE_SOFT, pyexec_mode_kind == PYEXEC_MODE_RAW_REPL);
}
static MP_DEFINE_CONST_FUN_OBJ_0(host_run_obj, host_run);

static const mp_rom_map_elem_t host_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__host) },
    { MP_ROM_QSTR(MP_QSTR_pty), MP_ROM_PTR(&host_pty_obj) },
    { MP_ROM_QSTR(MP_QSTR_insecure_port), MP_ROM_PTR(&host_insecure_port_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash), MP_ROM_PTR(&host_flash_obj) },
    { MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&host_run_obj) },
    { MP_ROM_QSTR(MP_QSTR_tls_bytes), MP_ROM_PTR(&host_tls_bytes_obj) },
};
static MP_DEFINE_CONST_DICT(host_globals, host_globals_table);

const mp_obj_module_t host_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&host_globals,
};
MP_REGISTER_MODULE(MP_QSTR__host, host_module);
