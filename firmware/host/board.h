// The host's stand-ins for a chip: flash (partition.c), serial port (serial.c), reset (board.c).
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

MP_DECLARE_CONST_FUN_OBJ_0(host_machine_reset_obj);

#endif
