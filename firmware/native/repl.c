// The module _repl: what Python cannot know of the REPL by itself.
//
// - Whether a program has it. The raw REPL's answers are read by programs, so no line of ours may fall into one.
// - That it is about to end in a soft reset. The ESP32 port deletes all threads then (ports/esp32/main.c of
//   MicroPython, soft_reset_exit: mp_thread_deinit), the server's in the middle of a call to lwIP as well, which
//   loses memory and sockets until a hard reset.
#include "py/mphal.h"
#include "py/nlr.h"
#include "py/runtime.h"
#include "shared/runtime/pyexec.h"

#include "repl.h"

// mp_hal_stdout_tx_strn() of the ESP32 lets other threads run while it sends more than so many characters
// (ports/esp32/mphalport.c): they could enter the raw REPL in the middle of a line.
#ifdef MICROPY_PY_STRING_TX_GIL_THRESHOLD
#define PIECE (MICROPY_PY_STRING_TX_GIL_THRESHOLD)
#else
#define PIECE (20)
#endif

MP_WEAK void repl_write(const char *str, size_t len) {
    while (len > 0) {
        size_t piece = MIN(len, PIECE);
        mp_hal_stdout_tx_strn(str, piece);
        str += piece;
        len -= piece;
    }
}

MP_WEAK void repl_write_console(const char *line, size_t len) {
    (void)line;
    (void)len;
}

// echo(line: bytes): prints it on a console that is not the REPL, if the board has one.
static mp_obj_t repl_echo(mp_obj_t line_in) {
    mp_buffer_info_t line;
    mp_get_buffer_raise(line_in, &line, MP_BUFFER_READ);
    repl_write_console(line.buf, line.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(repl_echo_obj, repl_echo);

// say(line: bytes) -> bool: prints it unless a program has the REPL; returns whether it did. No other thread
// runs between the two.
static mp_obj_t repl_say(mp_obj_t line_in) {
    mp_buffer_info_t line;
    mp_get_buffer_raise(line_in, &line, MP_BUFFER_READ);
    if (pyexec_mode_kind == PYEXEC_MODE_RAW_REPL) {
        return mp_const_false;
    }
    repl_write(line.buf, line.len);
    repl_write("\r\n", 2);
    return mp_const_true;
}
static MP_DEFINE_CONST_FUN_OBJ_1(repl_say_obj, repl_say);

// before_soft_reset(callback): called without arguments, once, before the next soft reset touches anything.
static mp_obj_t repl_set_before_soft_reset(mp_obj_t callback) {
    MP_STATE_VM(repl_callback) = callback;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(repl_before_soft_reset_obj, repl_set_before_soft_reset);

void repl_before_soft_reset(void) {
    mp_obj_t callback = MP_STATE_VM(repl_callback);
    MP_STATE_VM(repl_callback) = MP_OBJ_NULL; // the heap that it is on ends
    nlr_buf_t nlr;
    if (callback != MP_OBJ_NULL && nlr_push(&nlr) == 0) {
        mp_call_function_0(callback);
        nlr_pop();
    } // whatever it raised, the reset goes on
}

#ifdef ESP_PLATFORM
void __real_mp_thread_deinit(void);
void __wrap_mp_thread_deinit(void);

// By the linker's --wrap (micropython.cmake beside this): the port has no hook of its own for a board.
void __wrap_mp_thread_deinit(void) {
    repl_before_soft_reset();
    __real_mp_thread_deinit();
    repl_threads_ended();
}

MP_WEAK void repl_threads_ended(void) {
}
#endif

static const mp_rom_map_elem_t repl_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__repl) },
    { MP_ROM_QSTR(MP_QSTR_echo), MP_ROM_PTR(&repl_echo_obj) },
    { MP_ROM_QSTR(MP_QSTR_say), MP_ROM_PTR(&repl_say_obj) },
    { MP_ROM_QSTR(MP_QSTR_before_soft_reset), MP_ROM_PTR(&repl_before_soft_reset_obj) },
};
static MP_DEFINE_CONST_DICT(repl_globals, repl_globals_table);

const mp_obj_module_t repl_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&repl_globals,
};
MP_REGISTER_MODULE(MP_QSTR__repl, repl_module);
MP_REGISTER_ROOT_POINTER(mp_obj_t repl_callback);
