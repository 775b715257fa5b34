// The host's stand-ins for a chip: flash (partition.c), serial port (serial.c), reset (board.c), watchdog.
#ifndef CAMCORS_HOST_BOARD_H
#define CAMCORS_HOST_BOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "py/obj.h"

// serial.c: the REPL's serial port, a TCP connection that only one client holds at a time.
int serial_listen(const char *host, int port); // 0, or an errno
void serial_inherit(int listener, int client); // after a reset
void serial_start(void);                       // begins to accept; call once, from the main thread
void serial_repl_begins(void);                 // from here on the main thread prints to the client alone
void serial_freeze(int *listener, int *client); // for the reset; nothing is sent or closed after it

// partition.c: the image file that is the flash.
int flash_open(const char *path, size_t size);    // 0, or an errno; EAGAIN: another camera has it, ENODEV: another size

// board.c: a new process image, as after a reset of the chip; from any thread.
typedef enum { // the numbers of ports/esp32/modmachine.c
    CAUSE_POWER_ON = 1,
    CAUSE_HARD,
    CAUSE_WATCHDOG,
    CAUSE_SOFT = 5,
} reset_cause_t;
__attribute__((noreturn)) void board_reset(reset_cause_t cause, bool raw_repl);

// watchdog.c
void watchdog_freeze(reset_cause_t next); // for the reset
void watchdog_inherit(void);              // after it

MP_DECLARE_CONST_FUN_OBJ_0(host_machine_reset_obj);
MP_DECLARE_CONST_FUN_OBJ_0(host_machine_reset_cause_obj);
extern const mp_obj_type_t host_machine_wdt_type;

#endif
